import AWS
import Testing

@testable import Commands

struct ErrorHintsTests {
    private static func hint(_ code: String, _ message: String, service: String = "ECS") -> String? {
        ErrorHints.hint(
            AWSError(code: code, message: message, httpStatus: 400, service: service, operation: "RunTask"))
    }

    @Test(arguments: [
        ("ClusterNotFoundException", "Cluster not found.", "fgctl cf-create-stack"),
        ("ServiceNotFoundException", "Service not found.", "fgctl cf-status"),
        ("ServiceNotActiveException", "Service was not ACTIVE.", "fgctl cf-status"),
        ("ClientException", "Unable to describe task definition.", "fgctl cf-update-stack VERSION"),
        ("ClientException", "TaskDefinition is inactive", "fgctl cf-update-stack VERSION"),
        ("InvalidParameterException", "TaskDefinition not found.", "fgctl cf-create-stack"),
    ])
    func saysWhatNext(code: String, message: String, next: String) {
        #expect(Self.hint(code, message)?.contains(next) == true)
    }

    @Test(arguments: [("ClientException", "Too many tasks"), ("InvalidParameterException", "No Container Instances")])
    func saysNothingOfOthers(code: String, message: String) { #expect(Self.hint(code, message) == nil) }

    @Test func speaksOfECSOnly() { #expect(Self.hint("ClientException", "TaskDefinition", service: "ECR") == nil) }
}
