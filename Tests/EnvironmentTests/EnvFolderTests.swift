import AWS
import Environment
import Support
import Testing

/// The files in the project's own `env/`.
struct EnvFolderTests {
    private let files = LocalFileSystem()
    private var root: String { PathText.join(#filePath, "../../..") }

    private func load(_ name: String) throws -> EnvFile {
        let location = try #require(
            try EnvLocator.resolve(
                name, fgctlEnv: nil, directory: PathText.join(root, "Sources/Environment"), home: nil, files: files))
        #expect(location.root == root)
        return try EnvFile.load(location, files: files) { _ in nil }
    }

    @Test(arguments: ["env", "aws.example"])
    func theyGiveAllNames(_ name: String) throws {
        let file = try load(name)
        #expect(file.warnings.isEmpty)
        let settings = try ProjectSettings(envFile: file, environment: [:], directory: root)
        #expect(settings.warnings.isEmpty)
        let names = Names(settings)
        #expect(try names.scheduleGroup == "nightly")
        #expect(try names.parentStack != names.stack)
        #expect(try !names.repository.isEmpty)
        #expect(try !names.bucket.isEmpty)
        #expect(try names.account != nil)
        #expect(settings[.region] != nil)
    }

    @Test func theDemoStaysOnThisMachine() throws {
        let settings = try ProjectSettings(envFile: try load("env"), environment: [:], directory: root)
        #expect(settings[.endpointURL]?.value == "http://127.0.0.1:4566")
        #expect(try Names(settings).registry(account: "1", region: "x") == "localhost:4566")
        #expect(files.isFile(try #require(settings.path(.dockerfile))))
        #expect(files.isFile(PathText.join(try #require(settings.path(.dockerContext)), "job.sh")))
        #expect(try settings.tags().map(\.0) == ["project"])
    }

    @Test(arguments: Key.allCases)
    func theExampleExplainsEveryKey(_ key: Key) throws {
        let bytes = try files.read(PathText.join(root, "env/aws.example"), limit: EnvFile.limit)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.contains { $0.hasPrefix("\(key.rawValue)=") || $0.hasPrefix("# \(key.rawValue)=") })
        for synonym in key.synonyms {
            #expect(lines.contains { $0.hasPrefix("# ") && $0.contains(synonym) })
        }
    }

    @Test func theExampleIsRightWhenEveryLineIsTaken() throws {
        let bytes = try files.read(PathText.join(root, "env/aws.example"), limit: EnvFile.limit)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let taken = lines.map { line in
            let rest = line.dropFirst(2)
            let isKey = line.hasPrefix("# ") && rest.prefix { $0.isUppercase || $0.isNumber || $0 == "_" }.count > 2
            return isKey && rest.drop { $0.isUppercase || $0.isNumber || $0 == "_" }.hasPrefix("=") ? rest : line[...]
        }
        let file = try EnvFile.parse(taken.joined(separator: "\n"), path: "env/aws.example") {
            ["HOME": "/home/ada"][$0]
        }
        #expect(Set(file.entries.map(\.key)) == Set(Key.allCases.map(\.rawValue)))
        let settings = try ProjectSettings(envFile: file, environment: [:], directory: root)
        #expect(settings.warnings.isEmpty)
        #expect(try settings.buildArgs() == ["PYTHON_VERSION=3.12", "GREETING=hello world"])
        #expect(try settings.tags().map(\.1) == ["nightly", "Data Team"])
    }
}
