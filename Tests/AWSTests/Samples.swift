import FoundationEssentials
import HTTP
import Support
import Synchronization
import TestSupport

@testable import AWS

/// Services and settings that the tests of this target share.
enum Samples {
    static let sts = Service(
        .sts, apiVersion: "2011-06-15", wire: .query)
    static let cloudFormation = Service(
        .cloudFormation, apiVersion: "2010-05-15", wire: .query)
    static let ec2 = Service(
        .ec2, apiVersion: "2016-11-15", wire: .ec2)
    static let ecs = Service(
        .ecs, apiVersion: "2014-11-13",
        wire: .json(version: "1.1", targetPrefix: "AmazonEC2ContainerServiceV20141113"))
    static let logs = Service(
        .logs, apiVersion: "2014-03-28",
        wire: .json(version: "1.1", targetPrefix: "Logs_20140328"))
    static let scheduler = Service(
        .scheduler, apiVersion: "2021-06-30", wire: .restJSON)
    static let s3 = Service(
        .s3, apiVersion: "2006-03-01", wire: .restXML)
    static let iam = Service(
        .iam, apiVersion: "2010-05-08", wire: .query)

    static let keys = [
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
    ]

    /// 2026-01-31T12:00:00Z
    static let date = Date(timeIntervalSince1970: 1_769_860_800)

    /// One layer named `environment` of these values.
    static func layer(_ values: [String: String], _ name: String = "environment") -> SettingLayer {
        SettingLayer(
            name: name,
            values: .init(
                uniqueKeysWithValues: values.map { ($0, .init(value: $1, origin: "\(name) \($0)")) }))
    }

    /// Settings without any file.
    static func settings(_ values: [String: String] = keys) -> AWSSettings {
        AWSSettings(layers: [layer(values)], home: nil, readFile: { _ in nil })
    }

    /// Settings of several layers and these files; home is `/home/u`.
    static func settings(_ layers: [SettingLayer], files: [String: String]) -> AWSSettings {
        AWSSettings(layers: layers, home: "/home/u", readFile: { files[$0] })
    }
}

/// Effects whose time stands still, whose dice show one number and whose sleeps are written down.
final class FakeEffects: Sendable {
    let now: Mutex<Date>
    let sleeps = Mutex<[Duration]>([])
    let traces = Mutex<[String]>([])
    let random: Double

    init(now: Date = Samples.date, random: Double = 0.5) {
        self.now = Mutex(now)
        self.random = random
    }

    var effects: AWSClient.Effects {
        AWSClient.Effects(
            now: { self.now.withLock { $0 } }, random: { self.random },
            sleep: { pause in
                try Task.checkCancellation()
                self.sleeps.withLock { $0.append(pause) }
            },
            trace: { trace in self.traces.withLock { $0.append("\(trace)") } })
    }

    var slept: [Duration] { sleeps.withLock { $0 } }
}

extension AWSClient {
    /// A client on a stub that answers by this script.
    static func stub(
        _ settings: AWSSettings = Samples.settings(), dryRun: Bool = false, fake: FakeEffects = FakeEffects(),
        _ responder: @escaping StubTransport.Responder
    ) -> (AWSClient, StubTransport) {
        let transport = StubTransport(responder)
        return (AWSClient(settings: settings, transport: transport, dryRun: dryRun, effects: fake.effects), transport)
    }
}
