import FoundationEssentials
import Support
import Testing

@testable import ConfigSync

private let sums = (0..<9).map { String(repeating: "\($0)", count: 64) }

private func file(_ path: String, _ sum: Int = 0, size: Int64 = 3, mode: UInt16 = 0o644) -> ReleaseFile {
    ReleaseFile(path: path, size: size, sha256: sums[sum], mode: mode)
}

private func hash(_ digit: Int) throws -> ReleaseHash { try #require(ReleaseHash(sums[digit])) }

@Suite struct ReleaseManifestTests {
    private func manifest(_ files: [ReleaseFile], at time: String = "t", by person: String = "p") throws
        -> ReleaseManifest
    {
        try ReleaseManifest(files: files, createdAt: time, createdBy: person)
    }

    @Test func theHashIsThatOfTheContentsAlone() throws {
        let one = try manifest([file("b"), file("a", 1)])
        #expect(one.files.map(\.path) == ["a", "b"])
        #expect(try manifest([file("a", 1), file("b")], at: "u", by: "q").hash == one.hash)
        let others = [
            [file("b"), file("c", 1)], [file("b"), file("a", 2)], [file("b"), file("a", 1, size: 4)],
            [file("b"), file("a", 1, mode: 0o755)], [file("b")],
            [file("b"), ReleaseFile(path: "a", size: 0, sha256: nil, mode: 0o777, link: "b")],
        ]
        var hashes = Set(try others.map { try manifest($0).hash })
        #expect(hashes.count == others.count)
        hashes.insert(one.hash)
        #expect(hashes.count == others.count + 1)
    }

    /// Releases in buckets keep their names: the canonical form must never change. Computed with Python's hashlib.
    @Test func theHashIsKnown() throws {
        let empty = try ReleaseManifest.hash(of: [])
        #expect(empty.text == "4eef535c5f1e9243df960513aad4ed3f0e786198917733831a8b6a40e5353a63")
        let one = try ReleaseManifest.hash(of: [
            file("a"), ReleaseFile(path: "l", size: 0, sha256: nil, mode: 0o777, link: "a"),
        ])
        #expect(one.text == "9dbdc256ea49f84d91b64eae869c6a1a62a0f4ca26c52a4a78e3e49171691f03")
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let link = ReleaseFile(path: "d/l", size: 0, sha256: nil, mode: 0o777, link: "../a b+%\u{fc}")
        let written = try manifest([file("a b+%\u{fc}"), file("new\nline"), link])
        let read = try ReleaseManifest.decoded(try written.encoded(), expecting: written.hash, place: "x")
        #expect(read == written)
    }

    @Test func aCorruptManifestIsRefused() throws {
        let written = try manifest([file("a"), file("b", 1)])
        let text = String(decoding: try written.encoded(), as: UTF8.self)
        let broken = [
            "", "{}", "[]", String(text.dropLast(9)), text.replacing("\"size\":3", with: "\"size\":4"),
            text.replacing("\"path\":\"a\"", with: "\"path\":\"../a\""),
            text.replacing(sums[1], with: sums[2]), text.replacing("\"version\":1", with: "\"version\":2"),
        ]
        for text in broken {
            #expect(throws: Failure.self) {
                try ReleaseManifest.decoded(Array(text.utf8), expecting: written.hash, place: "x")
            }
        }
        #expect(throws: Failure.self) {
            try ReleaseManifest.decoded(Array(text.utf8), expecting: try hash(1), place: "x")
        }
    }

    /// Whoever can write the bucket can make hashes that fit.
    @Test(arguments: ["../a", "/a", "a//b", ".", ".fgctl-0f.part"])
    func pathsThatLeaveTheFolderAreRefused(_ path: String) throws {
        let written = try manifest([file(path)])
        #expect(throws: Failure.self) {
            try ReleaseManifest.decoded(try written.encoded(), expecting: written.hash, place: "x")
        }
    }

    @Test(arguments: ["../x", "/etc/passwd", ""])
    func linksThatLeaveTheReleaseAreRefused(_ target: String) throws {
        let written = try manifest([ReleaseFile(path: "l", size: 0, sha256: nil, mode: 0o777, link: target)])
        #expect(throws: Failure.self) {
            try ReleaseManifest.decoded(try written.encoded(), expecting: written.hash, place: "x")
        }
    }
}

@Suite struct ReleaseNameTests {
    @Test func aBeginningIsEnoughWhereItIsTheOnlyOne() throws {
        let known = [try hash(1), try hash(2), try #require(ReleaseHash("11111111" + sums[3].dropFirst(8)))]
        #expect(try ReleaseName("22222222").choose(from: known, in: "x") == hash(2))
        #expect(try ReleaseName(sums[1]).whole == hash(1))
        #expect(throws: Failure.self) { try ReleaseName("11111111").choose(from: known, in: "x") }
        #expect(throws: Failure.self) { try ReleaseName("44444444").choose(from: known, in: "x") }
    }

    @Test(arguments: ["", "1234567", "1234567g", sums[0] + "0"])
    func othersAreRefused(_ text: String) { #expect(throws: Failure.self) { try ReleaseName(text) } }
}

@Suite struct ReleasePlansTests {
    @Test func aPushMovesWhatIsNotThere() throws {
        let large = ReleasePushPlan.copySize
        let files = [
            file("copied", 1, size: large), file("new", 2, size: large), file("small", 3), file("there", 4),
            ReleaseFile(path: "link", size: 0, sha256: nil, mode: 0o777, link: "new"),
        ]
        let previous = [file("was", 1, size: large), file("small", 3), file("there", 4)]
        let plan = ReleasePushPlan(files, previous: previous, present: [ByteText("there")])
        #expect(plan.uploads.map(\.path) == ["new", "small"])
        #expect(plan.copies.map(\.from) == ["was"])
        #expect(plan.present.map(\.path) == ["there"])
    }

    private func candidate(_ digit: Int, hours: Double?) throws -> ReleasePrunePlan.Candidate {
        .init(release: try hash(digit), writtenAt: hours.map { Date(timeIntervalSince1970: -$0 * 3600) })
    }

    private func deleted(_ candidates: [ReleasePrunePlan.Candidate], keep: Int, current: Int, previous: Int?) throws
        -> [ReleaseHash]
    {
        let pointer = ReleasePointer(
            release: try hash(current), previous: try previous.map { try hash($0) }, updatedAt: "", updatedBy: "")
        let now = Date(timeIntervalSince1970: 0)
        return ReleasePrunePlan(candidates, keep: keep, pointer: pointer, now: now).deleted
    }

    @Test func pruningKeepsTheNewestAndThoseOfThePointer() throws {
        let all = try (1...6).map { try candidate($0, hours: Double($0 * 10)) }
        #expect(try deleted(all, keep: 3, current: 1, previous: 2) == [hash(6), hash(5), hash(4)])
        // After a rollback the current one is old: it counts as one of those that are kept.
        #expect(try deleted(all, keep: 3, current: 5, previous: 1) == [hash(6), hash(4), hash(3)])
        #expect(try deleted(all, keep: 1, current: 5, previous: 6) == [hash(4), hash(3), hash(2), hash(1)])
        #expect(try deleted(all, keep: 6, current: 1, previous: nil) == [])
    }

    @Test func pruningKeepsWhatIsPinned() throws {
        let all = try (1...5).map { try candidate($0, hours: Double($0 * 10)) }
        let pointer = ReleasePointer(release: try hash(1), previous: nil, updatedAt: "", updatedBy: "")
        let plan = ReleasePrunePlan(
            all, keep: 2, pointer: pointer, pinned: [try hash(2), try hash(4)], now: Date(timeIntervalSince1970: 0))
        // Pinned ones don't take the place of others.
        #expect(plan.deleted == [try hash(5), try hash(3)])
    }

    @Test func pruningLeavesYoungAndIncompleteOnes() throws {
        let all = try [
            candidate(1, hours: 0), candidate(2, hours: 0.5), candidate(3, hours: 1.5), candidate(4, hours: nil),
        ]
        #expect(try deleted(all, keep: 1, current: 1, previous: nil) == [hash(3)])
        #expect(ReleasePrunePlan(all, keep: 1, pointer: nil, now: Date(timeIntervalSince1970: 0)).deleted == [])
    }

    @Test func differencesAreToldByPath() throws {
        let local = [file("a"), file("b", 1), file("c", mode: 0o755), file("e")]
        let remote = [file("b", 2), file("c"), file("d"), file("e")]
        let found = ReleaseDifference.of(local: local, remote: remote)
        #expect(found.map(\.path) == ["a", "b", "c", "d"])
        #expect(found.map(\.kind) == [.added, .changed, .mode, .removed])
        let json = String(decoding: try JSONEncoder().encode(found[2]), as: UTF8.self)
        #expect(json.contains(#""localMode":"0755""#) && json.contains(#""remoteMode":"0644""#))
        #expect(try JSONDecoder().decode(ReleaseDifference.self, from: Data(json.utf8)) == found[2])
    }

    @Test func modesAreOctal() {
        let modes: [UInt16] = [0, 0o7, 0o644, 0o4755]
        #expect(modes.map { "\(FileMode($0))" } == ["0000", "0007", "0644", "4755"])
    }
}

@Suite struct NoticeTests {
    @Test func aProcessIsKnownByWhatItRuns() {
        let words = Array("/usr/bin/python3\0/usr/local/bin/dagster\0api\0".utf8)
        #expect(Notice.isNamed("dagster", comm: Array("python3\n".utf8), words: words))
        #expect(Notice.isNamed("python3", comm: Array("python3\n".utf8), words: words))
        #expect(!Notice.isNamed("api", comm: Array("python3\n".utf8), words: words))
        #expect(!Notice.isNamed("dag", comm: [], words: []))
    }

    @Test func signalsHaveNames() throws {
        #expect(try Notice.signal("hup") == Notice.signal("SIGHUP"))
        #expect(throws: Failure.self) { try Notice.signal("KILL") }
    }
}
