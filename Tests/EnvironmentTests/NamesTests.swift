import Environment
import Support
import Testing

private func names(_ text: String) throws -> Names { Names(try settings(text)) }

struct NamesTests {
    @Test func makesAllNames() throws {
        let names = try names("STACK_NAME=nightly\nPARENT_STACK_NAME=net\nIMAGE_NAME=team/hello\nS3_BUCKET=b-1.x\n")
        #expect(try names.stack == "nightly")
        #expect(try names.parentStack == "net")
        #expect(try names.cluster == "nightly")
        #expect(try names.taskFamily == "nightly")
        #expect(try names.container == "nightly")
        #expect(try names.scheduleGroup == "nightly")
        #expect(try names.schedule(targetID: nil) == "nightly")
        #expect(try names.schedule(targetID: "at_8.30-x") == "at_8.30-x")
        #expect(try names.logGroup == "/ecs/nightly")
        #expect(try names.repository == "team/hello")
        #expect(try names.bucket == "b-1.x")
        #expect(try names.account == nil)
        let version = try #require(ImageVersion("0.1"))
        #expect(try names.imageURI(version: version, registry: "localhost:4566") == "localhost:4566/team/hello:0.1")
    }

    @Test func needsOnlyTheKeysItUses() throws {
        let names = try names("PARENT_STACK_NAME=net")
        #expect(try names.parentStack == "net")
        let failure = try #require(throws: Failure.self) { try names.logGroup }
        #expect(failure.kind == .usage)
        #expect(failure.message.hasPrefix("STACK_NAME is not set: needed to name the stack"))
    }

    @Test(arguments: ["my_stack", "1stack", "-x", "a b", "stäck", "a.b"])
    func refusesStackNames(_ name: String) throws {
        let names = try names("X=1\nTASK='\(name)'")
        let failure = try #require(throws: Failure.self) { try names.stack }
        #expect(failure.kind == .badInput)
        #expect(failure.message == "env/default:2: TASK '\(name)' can't name a stack")
        #expect(failure.hint == "a letter first, then letters, digits and '-'")
    }

    @Test func keepsTheLengthsOfNames() throws {
        let long = String(repeating: "a", count: 65)
        #expect(try names("STACK_NAME=\(long)").stack == long)
        let group = try #require(throws: Failure.self) { try names("STACK_NAME=\(long)").scheduleGroup }
        #expect(group.message.hasSuffix("is longer than the 64 characters of a schedule group's name"))
        let longer = String(repeating: "a", count: 129)
        let stack = try #require(throws: Failure.self) { try names("STACK_NAME=\(longer)").stack }
        #expect(stack.message.hasSuffix("is longer than 128 characters"))
        let reserved = try #require(throws: Failure.self) { try names("STACK_NAME=default").scheduleGroup }
        #expect(
            reserved.message
                == "env/default:1: STACK_NAME 'default' is the name of the schedule group that every account has")
    }

    @Test func theTwoStacksDiffer() throws {
        let names = try names("STACK_NAME=a\nPARENT_STACK_NAME=a\n")
        let failure = try #require(throws: Failure.self) { try names.parentStack }
        #expect(failure.message == "env/default:2: PARENT_STACK_NAME 'a' is the name of the task's stack too")
    }

    @Test(arguments: [
        ("other", "other"), ("team_cluster", "team_cluster"),
        ("arn:aws:ecs:eu-central-1:123456789012:cluster/shared", "shared"),
    ])
    func takesAClusterOfAnotherName(_ given: String, _ name: String) throws {
        #expect(try names("STACK_NAME=n\nECS_CLUSTER_NAME=\(given)").cluster == name)
    }

    @Test(arguments: ["a b", "a.b", "a/b"])
    func refusesClusters(_ given: String) throws {
        let names = try names("ECS_CLUSTER='\(given)'")
        let failure = try #require(throws: Failure.self) { try names.cluster }
        #expect(failure.message == "env/default:1: ECS_CLUSTER '\(given)' can't name a cluster")
    }

    @Test(arguments: ["", "a b", "a/b", "ä", String(repeating: "a", count: 65)])
    func refusesTargetIDs(_ id: String) throws {
        let failure = try #require(throws: Failure.self) { try names("STACK_NAME=n").schedule(targetID: id) }
        #expect(failure.kind == .usage)
        #expect(failure.message == "TARGET_ID '\(id)' can't name a schedule")
    }

    @Test(arguments: [
        ("Hello", "can't name a repository"), ("a//b", "can't name a repository"), ("/ab", "can't name a repository"),
        ("ab/", "can't name a repository"), ("-ab", "can't name a repository"), ("a..b", "can't name a repository"),
        ("a_-b", "can't name a repository"), ("héllo", "can't name a repository"), ("a", "has not 2 to 256 characters"),
        ("hello:0.1", "holds a ':'"), ("localhost:4566/hello", "holds a ':'"),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/hello", "holds a registry"),
    ])
    func refusesRepositories(_ name: String, _ why: String) throws {
        let names = try names("IMAGE_NAME=\(name)")
        let failure = try #require(throws: Failure.self) { try names.repository }
        #expect(failure.kind == .badInput)
        #expect(failure.message == "env/default:1: IMAGE_NAME '\(name)' \(why)")
    }

    @Test(arguments: ["ab", "a.b_c-d/e1/f", "nightly"])
    func takesRepositories(_ name: String) throws {
        #expect(try names("DOCKER_IMAGE=\(name)").repository == name)
    }

    @Test(arguments: [
        ("ab", "has not 3 to 63 characters"), (String(repeating: "a", count: 64), "has not 3 to 63 characters"),
        ("Abc", "can't name a bucket"), ("a_b", "can't name a bucket"), ("a..b", "can't name a bucket"),
        ("-abc", "can't name a bucket"), ("abc-", "can't name a bucket"), ("abc-.d", "can't name a bucket"),
        ("s3://abc/def", "can't name a bucket"), ("192.168.1.1", "has the form of an IP address"),
        ("xn--abc", "holds 'xn--', which AWS keeps for itself"),
        ("abc-s3alias", "holds '-s3alias', which AWS keeps for itself"),
    ])
    func refusesBuckets(_ name: String, _ why: String) throws {
        let names = try names("S3_BUCKET_NAME=\(name)")
        let failure = try #require(throws: Failure.self) { try names.bucket }
        #expect(failure.message == "env/default:1: S3_BUCKET_NAME '\(name)' \(why)")
    }

    @Test(arguments: [
        ("abc", "abc"), ("a--b.c1", "a--b.c1"), ("s3://abc", "abc"), ("s3://abc/", "abc"), ("1.2.3.400", "1.2.3.400"),
    ])
    func takesBuckets(_ given: String, _ name: String) throws {
        #expect(try names("BUCKET=\(given)").bucket == name)
    }

    @Test(arguments: [
        ("", "eu-central-1", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"),
        ("", "cn-north-1", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("REGISTRY_URL=localhost:4566", "eu-central-1", "localhost:4566"),
        ("IMAGE_DOMAIN=https://registry.example.com/", "eu-central-1", "registry.example.com"),
    ])
    func findsTheRegistry(_ text: String, _ region: String, _ registry: String) throws {
        #expect(try names(text).registry(account: "123456789012", region: region) == registry)
    }

    @Test(arguments: ["localhost:4566/hello", "a b", "https://"])
    func refusesRegistries(_ given: String) throws {
        let names = try names("REGISTRY_URL='\(given)'")
        let failure = try #require(throws: Failure.self) { try names.registry(account: "1", region: "x") }
        #expect(failure.message == "env/default:1: REGISTRY_URL '\(given)' can't name a registry")
    }

    @Test(arguments: ["12345678901", "1234567890123", "12345678901x", "１２３４"])
    func refusesAccounts(_ id: String) throws {
        let names = try names("AWS_ACCOUNT=\(id)")
        let failure = try #require(throws: Failure.self) { try names.account }
        #expect(failure.message == "env/default:1: AWS_ACCOUNT '\(id)' is no account id")
    }

    @Test func takesAnAccount() throws {
        #expect(try names("AWS_ACCOUNT_ID=012345678901").account == "012345678901")
    }
}
