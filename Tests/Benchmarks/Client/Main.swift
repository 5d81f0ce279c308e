import AWS
import Glibc
import TestSupport

/// What `bin/bench client` and `bin/tsan` run.
///
///     bench-client sign      microseconds to build and sign a call with 1 KiB of JSON
///     bench-client memory    resident memory over 10,000 calls on one connection
///     bench-client threads   many calls at once over faulty connections, for the thread sanitizer
///     bench-client race      a data race made on purpose, which the thread sanitizer has to find
@main
enum Main {
    static func main() async throws {
        switch CommandLine.arguments.dropFirst().first {
        case "sign": try await Signing.measure()
        case "memory": try await Memory.measure()
        case "threads": try await Threads.run()
        case "race": try await Threads.race()
        default:
            print("usage: bench-client sign | memory | threads | race")
            exit(64)
        }
    }
}

/// The call that is measured.
enum Call {
    struct Pair: Encodable, Sendable {
        var name: String
        var value: String
    }

    struct Override: Encodable, Sendable {
        var name: String
        var command: [String]
        var environment: [Pair]
    }

    struct Overrides: Encodable, Sendable { var containerOverrides: [Override] }

    struct Input: Encodable, Sendable {
        var cluster = "nightly"
        var taskDefinition = "arn:aws:ecs:eu-west-1:123456789012:task-definition/nightly:17"
        var clientToken = RequestToken.make()
        var launchType = "FARGATE"
        var count = 1
        var overrides = Overrides(
            containerOverrides: [
                Override(
                    name: "main", command: ["run", "--date", "2026-01-31"],
                    environment: (1...14).map { Pair(name: "VARIABLE_\($0)", value: "a value of some length \($0)") })
            ])
    }

    static let service = Service(
        name: "ecs", sdkID: "ECS", endpointPrefix: "ecs", signingName: "ecs", apiVersion: "2014-11-13",
        wire: .json(version: "1.1", targetPrefix: "AmazonEC2ContainerServiceV20141113"))
    static let runTask = Operation<Input, Nothing>(
        "RunTask", of: service, .mutates, idempotent: .byToken("clientToken"))

    static func settings(endpoint: String? = nil) -> AWSSettings {
        var values = [
            "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "no-secret",
            "AWS_SESSION_TOKEN": String(repeating: "token", count: 80),
        ]
        values["AWS_ENDPOINT_URL"] = endpoint
        let layer = SettingLayer(
            name: "bench", values: values.mapValues { SettingLayer.Setting(value: $0, origin: "bench") })
        return AWSSettings(layers: [layer], home: nil) { _ in nil }
    }
}
