/// The kinds of fields that RunTask's input has.
indirect enum RequestField: Sendable {
    case text
    case integer
    case flag
    case list(RequestField)
    case record([String: RequestField])
}

/// What RunTask takes, by AWS's own names.
///
/// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
enum RunTaskFields {
    private static let tags = RequestField.list(.record(["key": .text, "value": .text]))
    private static let typed = RequestField.list(.record(["value": .text, "type": .text]))

    private static let containerOverride = RequestField.record([
        "name": .text, "command": .list(.text), "environment": .list(.record(["name": .text, "value": .text])),
        "environmentFiles": typed, "cpu": .integer, "memory": .integer, "memoryReservation": .integer,
        "resourceRequirements": typed,
    ])

    private static let overrides = RequestField.record([
        "containerOverrides": .list(containerOverride), "cpu": .text, "memory": .text, "taskRoleArn": .text,
        "executionRoleArn": .text, "ephemeralStorage": .record(["sizeInGiB": .integer]),
        "inferenceAcceleratorOverrides": .list(.record(["deviceName": .text, "deviceType": .text])),
    ])

    private static let volume = RequestField.record([
        "name": .text,
        "managedEBSVolume": .record([
            "encrypted": .flag, "kmsKeyId": .text, "volumeType": .text, "sizeInGiB": .integer, "snapshotId": .text,
            "volumeInitializationRate": .integer, "iops": .integer, "throughput": .integer,
            "tagSpecifications": .list(.record(["resourceType": .text, "tags": tags, "propagateTags": .text])),
            "roleArn": .text, "terminationPolicy": .record(["deleteOnTermination": .flag]), "filesystemType": .text,
        ]),
    ])

    static let all: [String: RequestField] = [
        "capacityProviderStrategy": .list(
            .record(["capacityProvider": .text, "weight": .integer, "base": .integer])),
        "cluster": .text, "count": .integer, "enableECSManagedTags": .flag, "enableExecuteCommand": .flag,
        "group": .text, "launchType": .text,
        "networkConfiguration": .record([
            "awsvpcConfiguration": .record([
                "subnets": .list(.text), "securityGroups": .list(.text), "assignPublicIp": .text,
            ])
        ]),
        "overrides": overrides, "placementConstraints": .list(.record(["type": .text, "expression": .text])),
        "placementStrategy": .list(.record(["type": .text, "field": .text])), "platformVersion": .text,
        "propagateTags": .text, "referenceId": .text, "startedBy": .text, "tags": tags, "taskDefinition": .text,
        "clientToken": .text, "volumeConfigurations": .list(volume),
    ]
}
