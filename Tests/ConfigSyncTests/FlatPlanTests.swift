import ConfigSync
import Testing

@Suite struct FlatPlanTests {
    /// The same numbers for the same seed.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static func tree(_ random: inout Seeded) -> [String: Int] {
        let parts = ["a", "b", "é", "e\u{301}", "a-", "a.", "z"]
        var tree: [String: Int] = [:]
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let depth = Int.random(in: 1...3, using: &random)
            let path = (0..<depth).map { _ in parts.randomElement(using: &random) ?? "a" }.joined(separator: "/")
            // Keys of Swift's dictionaries are texts, not bytes: here each path stands once.
            tree[path] = Int.random(in: 0...2, using: &random)
        }
        return tree
    }

    private static func sorted(_ tree: [String: Int]) -> [(String, Int)] {
        tree.map { ($0.key, $0.value) }.sorted { ByteText($0.0) < ByteText($1.0) }
    }

    private static func local(_ tree: [String: Int]) -> [TreeFile] {
        sorted(tree).map { TreeFile(path: $0.0, size: Int64($0.1), mode: 0o644) }
    }

    private static func remote(_ tree: [String: Int]) -> [RemoteFile] {
        sorted(tree).map { RemoteFile(path: $0.0, size: Int64($0.1), eTag: "") }
    }

    /// Whatever the trees, carrying out the plan makes the one like the other, and does nothing that isn't needed.
    @Test(arguments: 1...300) func aPlanMakesTreesAlike(_ seed: UInt64) {
        var random = Seeded(state: seed)
        let (here, there) = (Self.tree(&random), Self.tree(&random))
        let pairs = TreeMerge.pairs(Self.local(here), Self.remote(there))
        // Each path once, in order.
        let paths = pairs.map { ByteText($0.path) }
        #expect(zip(paths, paths.dropFirst()).allSatisfy { $0 < $1 })
        let all = Set(Self.local(here).map { ByteText($0.path) }).union(Self.remote(there).map { ByteText($0.path) })
        #expect(Set(paths) == all)
        let compared = pairs.map { pair -> (MergePair, FileComparison) in
            if case .both(let local, let remote) = pair, local.size != remote.size { return (pair, .size) }
            return (pair, .same)
        }
        for direction in FlatDirection.allCases {
            for deletes in [false, true] {
                let plan = FlatPlan(.init(direction, deletes: deletes), compared)
                func contents(_ tree: [String: Int]) -> [ByteText: Int] {
                    Dictionary(uniqueKeysWithValues: tree.map { (ByteText($0.key), $0.value) })
                }
                let source = contents(direction == .push ? here : there)
                var target = contents(direction == .push ? there : here)
                let before = target
                for change in plan.changes {
                    let path = ByteText(change.path)
                    switch change.action {
                    case .upload, .download:
                        #expect(change.action == (direction == .push ? .upload : .download))
                        #expect(target[path] != source[path])
                        #expect((before[path] == nil) == (change.reason == .missing))
                        #expect(change.bytes == source[path].map { Int64($0) })
                        target[path] = source[path]
                    case .delete:
                        #expect(deletes && source[path] == nil && before[path] != nil)
                        target[path] = nil
                    case .adjust: Issue.record("nothing was to adjust")
                    }
                }
                if deletes {
                    #expect(target == source)
                    #expect(plan.extraFiles == 0)
                } else {
                    #expect(source.allSatisfy { target[$0.key] == $0.value })
                    #expect(target.count == source.count + plan.extraFiles)
                }
                #expect(plan.sourceFiles == source.count)
                #expect(plan.sameFiles == source.filter { before[$0.key] == $0.value }.count)
            }
        }
    }

    @Test func filesThatAreRightButForTheirModeAreAdjusted() {
        let local = TreeFile(path: "a", size: 1, mode: 0o644, owner: .init(uid: 1, gid: 2))
        let pair = (MergePair.both(local, RemoteFile(path: "a", size: 1, eTag: "")), FileComparison.same)
        func actions(_ attributes: FileAttributes, _ direction: FlatDirection = .pull) -> [FlatChange.Action] {
            FlatPlan(.init(direction, attributes: attributes), [pair]).changes.map(\.action)
        }
        #expect(actions(FileAttributes()) == [])
        #expect(actions(FileAttributes(mode: 0o644, uid: 1, gid: 2)) == [])
        #expect(actions(FileAttributes(mode: 0o600)) == [.adjust])
        #expect(actions(FileAttributes(uid: 3)) == [.adjust])
        #expect(actions(FileAttributes(gid: 3)) == [.adjust])
        #expect(actions(FileAttributes(mode: 0o600), .push) == [])
    }

    @Test(arguments: [
        ("s3://b", "b", ""), ("s3://b/", "b", ""), ("s3://b/p", "b", "p/"), ("s3://b/p/q/", "b", "p/q/"),
        ("s3://b/a b+%", "b", "a b+%/"),
    ])
    func placesAreRead(_ text: String, _ bucket: String, _ prefix: String) throws {
        let place = try TreePlace(parsing: text)
        #expect(place.bucket == bucket && place.prefix == prefix)
        #expect(place.key("x/y") == prefix + "x/y")
    }

    @Test(arguments: ["", "b/p", "s3://", "s3:///p", "s3://b//p", "s3://b/p//", "http://b/p"])
    func whatIsNoPlaceIsRefused(_ text: String) {
        #expect(throws: (any Error).self) { try TreePlace(parsing: text) }
    }
}
