import AWS
import Environment
import Support
import Testing

/// Settings from an env file of this text.
func settings(
    _ text: String? = nil, flags: [Key: String] = [:], set: [String] = [], environment: [String: String] = [:]
) throws -> ProjectSettings {
    let file = try text.map { try EnvFile.parse($0, path: "env/default") { environment[$0] } }
    return try ProjectSettings(flags: flags, set: set, envFile: file, environment: environment, directory: "/p")
}

struct ProjectSettingsTests {
    @Test func higherLayersWin() throws {
        let environment = ["AWS_REGION": "r4", "STACK_NAME": "s4", "CPU": "4", "MEMORY": "4", "TAGS": "a=4"]
        let all = try settings(
            "AWS_REGION=r3\nSTACK_NAME=s3\nCPU=3\nMEMORY=3\n", flags: [.region: "r1", .stackName: "s1"],
            set: ["AWS_REGION=r2", "STACK_NAME=s2", "CPU=1", "CPU=2"], environment: environment)
        #expect(all[.region] == .init(value: "r1", origin: "--region"))
        #expect(all[.stackName] == .init(value: "s1", origin: "--stack-name"))
        #expect(all[.cpu] == .init(value: "2", origin: "--set CPU"))
        #expect(all[.memory] == .init(value: "3", origin: "env/default:4"))
        #expect(all[.tags] == .init(value: "a=4", origin: "environment TAGS"))
        #expect(all[.platform] == nil)
        #expect(all.layers.map(\.name) == ["command line", "--set", "env file env/default", "environment"])
        #expect(all.envFilePath == "env/default")
    }

    @Test(arguments: Key.allCases)
    func everyNameOfAKeyIsRead(_ key: Key) throws {
        for name in key.names {
            #expect(Key(name: name) == key)
            #expect(try settings("\(name)=v")[key]?.value == "v")
            #expect(try settings("\(name)=v").warnings.isEmpty)
        }
        #expect(!key.summary.isEmpty)
    }

    @Test func namesAreUnique() {
        let names = Key.allCases.flatMap(\.names)
        #expect(Set(names).count == names.count)
    }

    @Test func aHigherSynonymWinsOverALowerName() throws {
        let both = try settings("TASK=file", environment: ["STACK_NAME": "environment"])
        #expect(both[.stackName] == .init(value: "file", origin: "env/default:1"))
    }

    @Test func theNameCountsBeforeItsSynonym() throws {
        let both = try settings("TASK=a\nSTACK_NAME=b\n")
        #expect(both[.stackName]?.value == "b")
        #expect(both.warnings == ["env/default:1: TASK says otherwise than STACK_NAME, which counts"])
        #expect(try settings("TASK=a\nSTACK_NAME=a\n").warnings.isEmpty)
    }

    @Test func theEmptyTextTakesAValueAway() throws {
        let environment = ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"]
        #expect(try settings("AWS_ENDPOINT_URL=", environment: environment)[.endpointURL] == nil)
        #expect(try settings(set: ["AWS_ENDPOINT_URL="], environment: environment)[.endpointURL] == nil)
        let regions = ["AWS_REGION": "a", "AWS_DEFAULT_REGION": "b", "AWS_ENDPOINT_URL_S3": "c", "OTHER": "d"]
        let all = try settings("AWS_REGION=\nAWS_ENDPOINT_URL_S3=\n", environment: regions)
        #expect(all[.region] == nil)
        #expect(all.layers.last.map { Set($0.values.keys) } == ["OTHER"])
    }

    @Test(arguments: [
        ("STAK_NAME=x", "env/default:1: fgctl knows no key STAK_NAME; did you mean STACK_NAME?"),
        ("\nS3_BUKCET=x", "env/default:2: fgctl knows no key S3_BUKCET; did you mean S3_BUCKET?"),
        ("IMAGENAME=x", "env/default:1: fgctl knows no key IMAGENAME; did you mean IMAGE_NAME?"),
        ("AWS_REGON=x", "env/default:1: fgctl knows no key AWS_REGON; did you mean AWS_REGION?"),
        ("stack_name=x", "env/default:1: fgctl knows no key stack_name; did you mean STACK_NAME?"),
        ("CPUS=1", "env/default:1: fgctl knows no key CPUS; did you mean CPU?"),
    ])
    func aMisspeltKeyGetsAWarning(_ line: String, _ warning: String) throws {
        #expect(try settings(line).warnings == [warning])
    }

    @Test(arguments: [
        "DB_HOST", "GPU", "AWS_PAGER", "AWS_ENDPOINT_URL_S3", "AWS_ROLE_ARN", "STAGE", "DAGSTER_S3_BUCKET",
    ])
    func otherVariablesAreLeftAlone(_ name: String) throws {
        #expect(try settings("\(name)=x").warnings.isEmpty)
    }

    @Test func theEnvironmentIsNotSearchedForMisspeltKeys() throws {
        #expect(try settings(environment: ["STAK_NAME": "x"]).warnings.isEmpty)
    }

    @Test func setWarnsOfKeysWithoutEffect() throws {
        #expect(
            try settings(set: ["STAK_NAME=x", "FOO=1", "AWS_ENDPOINT_URL_ECS=x", "CPU=1"]).warnings == [
                "--set: fgctl knows no key STAK_NAME; did you mean STACK_NAME?",
                "--set: fgctl knows no key FOO; containers get variables by --set-env FOO=…",
            ])
    }

    @Test(arguments: [
        ("STACK_NAME", "--set takes KEY=VALUE"), ("=x", "--set takes KEY=VALUE"), ("", "--set takes KEY=VALUE"),
        ("A B=x", "--set: 'A B' is no key"), ("1A=x", "--set: '1A' is no key"), ("A-B=x", "--set: 'A-B' is no key"),
    ])
    func refusesAnotherSet(_ text: String, _ message: String) throws {
        let failure = try #require(throws: Failure.self) { try settings(set: [text]) }
        #expect(failure.kind == .usage)
        #expect(failure.message == message)
    }

    @Test func saysHowToSetAMissingKey() throws {
        let withFile = try settings("CPU=1")
        let first = try #require(throws: Failure.self) { try withFile.require(.bucket, for: "to name the bucket") }
        #expect(first.kind == .usage)
        #expect(
            first.message
                == "S3_BUCKET is not set: needed to name the bucket "
                + "(S3 bucket of the project, made with the network stack)")
        #expect(first.hint == "add S3_BUCKET=… to env/default, or give --set S3_BUCKET=…")
        var without = try settings()
        let second = try #require(throws: Failure.self) { try without.require(.bucket, for: "to name the bucket") }
        #expect(
            second.hint
                == "no env file was found: make env/default in the project, or name one by -e, "
                + "or give --set S3_BUCKET=…")
        without.searched = "/p/q up to /p"
        #expect(
            without.noEnvFile == "no env file was found (looked for env/default in /p/q up to /p): "
                + "make env/default in the project, or name one by -e")
        #expect(try settings("BUCKET=b").require(.bucket, for: "to test") == "b")
    }

    @Test func pathsCountFromWhereTheyStand() throws {
        let file = try EnvFile.load(
            EnvLocation(path: "/p/env/default", shown: "../env/default", root: "/p"),
            files: OneFile(text: "DOCKERFILE=docs/Dockerfile\nDOCKER_CONTEXT=/abs/\n")
        ) { _ in nil }
        let all = try ProjectSettings(
            flags: [.remoteEnvFile: "x.env"], envFile: file, environment: ["TEMPLATE": "t.yaml"], directory: "/p/sub")
        #expect(all.path(.dockerfile) == "/p/docs/Dockerfile")
        #expect(all.path(.dockerContext) == "/abs")
        #expect(all.path(.remoteEnvFile) == "/p/sub/x.env")
        #expect(all.path(.template) == "/p/sub/t.yaml")
        #expect(all.path(.parentTemplate) == nil)
    }
}

/// A file system with the same text at each path.
private struct OneFile: FileSystem {
    let text: String
    let currentUser: UInt32 = 0

    func status(of path: String) -> FileStatus? { FileStatus(isDirectory: false, owner: 0) }
    func names(in folder: String) -> [String] { [] }
    func read(_ path: String, limit: Int) throws -> [UInt8] { Array(text.utf8) }
}

struct SettingValueTests {
    @Test(arguments: [
        ("true", true), ("Yes", true), ("1", true), ("on", true), ("ENABLED", true), ("false", false), ("NO", false),
        ("0", false), ("off", false), ("DISABLED", false),
    ])
    func readsYesAndNo(_ text: String, _ expected: Bool) throws {
        #expect(try settings("ASSIGN_PUBLIC_IP=\(text)").bool(.assignPublicIP) == expected)
    }

    @Test func refusesOtherThanYesAndNo() throws {
        let wrong = try settings("ASSIGN_PUBLIC_IP=maybe")
        let failure = try #require(throws: Failure.self) { try wrong.bool(.assignPublicIP) }
        #expect(failure.kind == .badInput)
        #expect(failure.message == "env/default:1: ASSIGN_PUBLIC_IP 'maybe' is neither true nor false")
        #expect(try settings().bool(.assignPublicIP) == nil)
    }

    @Test(arguments: [
        ("1x", "--set CPU '1x' is no whole number"), ("-1", "--set CPU '-1' is no whole number"),
        ("+1", "--set CPU '+1' is no whole number"), ("1.5", "--set CPU '1.5' is no whole number"),
        ("99999999999999999999", "--set CPU '99999999999999999999' is no whole number"),
        ("8", "--set CPU '8' is not between 10 and 20"),
    ])
    func refusesOtherThanNumbers(_ text: String, _ message: String) throws {
        let wrong = try settings(set: ["CPU=\(text)"])
        let failure = try #require(throws: Failure.self) { try wrong.integer(.cpu, in: 10...20) }
        #expect(failure.kind == .usage)
        #expect(failure.message == message)
    }

    @Test func readsNumbers() throws {
        #expect(try settings("ALLOCATED_CPU=256").integer(.cpu) == 256)
        #expect(try settings().integer(.cpu) == nil)
        let failure = try #require(throws: Failure.self) { try settings("CPU=1").integer(.cpu, in: 2...Int.max) }
        #expect(failure.message == "env/default:1: CPU '1' is less than 2")
    }

    @Test func namesFlagSynonymAndVariable() throws {
        let all = try settings(
            "ALLOCATED_CPU=x", flags: [.memory: "y"], environment: ["LOG_RETENTION_DAYS": "z"])
        #expect(all.invalid(.cpu, "is odd").message == "env/default:1: ALLOCATED_CPU 'x' is odd")
        #expect(all.invalid(.memory, "is odd").message == "--memory 'y' is odd")
        #expect(all.invalid(.logRetentionDays, "is odd").message == "environment LOG_RETENTION_DAYS 'z' is odd")
        #expect(all.invalid(.platform, "is odd").message == "PLATFORM is odd")
    }

    @Test func neverShowsASecret() throws {
        let all = try settings("AWS_SECRET_ACCESS_KEY=hunter2")
        #expect(all.invalid(.secretAccessKey, "is odd").message == "env/default:1: AWS_SECRET_ACCESS_KEY is odd")
    }

    @Test func readsLists() throws {
        #expect(try settings("SUBNETS='a,b , c  d,'").list(.subnets) == ["a", "b", "c", "d"])
        #expect(try settings().list(.subnets).isEmpty)
    }

    @Test(arguments: [
        ("project=demo", ["project": "demo"]),
        ("project=demo, owner=Data Team,", ["project": "demo", "owner": "Data Team"]),
        ("a=1 b=2", ["a": "1", "b": "2"]),
        ("a=x=y,b=", ["a": "x=y", "b": ""]),
        ("cost centre = 42 ", ["cost centre": "42"]),
        (" , ", [:]),
    ])
    func readsTags(_ text: String, _ expected: [String: String]) throws {
        let tags = try settings("TAGS='\(text)'").tags()
        #expect(Dictionary(uniqueKeysWithValues: tags) == expected)
    }

    @Test func tagsKeepTheirOrder() throws {
        #expect(try settings("TAGS=z=1,a=2,m=3").tags().map(\.0) == ["z", "a", "m"])
    }

    @Test(arguments: [
        ("demo", "holds 'demo', which is not KEY=VALUE"),
        ("a=1,demo x", "holds 'demo x', which is not KEY=VALUE"),
        ("=1", "holds a key without 1 to 128 characters"),
        ("a=1,a=2", "names the key 'a' twice"),
        ("aws:x=1", "holds the key 'aws:x', which is reserved"),
        ("fgctl:stack=1", "holds the key 'fgctl:stack', which is reserved"),
        ("a=1;b", "holds ';' in the tag 'a'"),
    ])
    func refusesTags(_ text: String, _ why: String) throws {
        let all = try settings("TAGS='\(text)'")
        let failure = try #require(throws: Failure.self) { try all.tags() }
        #expect(failure.kind == .badInput)
        #expect(failure.message == "env/default:1: TAGS '\(text)' \(why)")
    }

    @Test func refusesTooManyTags() throws {
        let all = try settings("TAGS=" + (0...40).map { "k\($0)=v" }.joined(separator: ","))
        let failure = try #require(throws: Failure.self) { try all.tags() }
        #expect(failure.message.hasSuffix("holds more than 40 tags"))
    }

    @Test func readsBuildArgs() throws {
        #expect(try settings(#"BUILD_ARGS="A=1 'B=x y' C""#).buildArgs() == ["A=1", "B=x y", "C"])
        #expect(try settings().buildArgs().isEmpty)
        let failure = try #require(throws: Failure.self) { try settings(#"BUILD_ARGS="A='1""#).buildArgs() }
        #expect(failure.kind == .badInput)
        #expect(
            failure.message
                == "env/default:1: BUILD_ARGS 'A='1' can't be split into words: "
                + "column 3: the quote ' of the command is never closed")
        let flag = try #require(throws: Failure.self) { try settings("BUILD_ARGS=--pull").buildArgs() }
        #expect(flag.message == "env/default:1: BUILD_ARGS '--pull' holds '--pull', which is not NAME=VALUE")
    }
}
