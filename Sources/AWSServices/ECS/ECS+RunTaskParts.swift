/// Parts of the input of RunTask that fgctl passes on as the user gives them.
extension ECS {
    package struct EnvironmentFile: Codable, Sendable, Hashable {
        package var value: String?
        package var type: String?
    }

    package struct ResourceRequirement: Codable, Sendable, Hashable {
        package var value: String?
        package var type: String?
    }

    package struct EphemeralStorage: Codable, Sendable, Hashable {
        package var sizeInGiB: Int?
    }

    package struct InferenceAcceleratorOverride: Codable, Sendable, Hashable {
        package var deviceName: String?
        package var deviceType: String?
    }

    package struct CapacityProviderStrategyItem: Codable, Sendable, Hashable {
        package var capacityProvider: String?
        package var weight: Int?
        package var base: Int?
    }

    package struct PlacementConstraint: Codable, Sendable, Hashable {
        package var type: String?
        package var expression: String?
    }

    package struct PlacementStrategy: Codable, Sendable, Hashable {
        package var type: String?
        package var field: String?
    }

    package struct TaskVolumeConfiguration: Codable, Sendable {
        package var name: String?
        package var managedEBSVolume: TaskManagedEBSVolumeConfiguration?
    }

    package struct TaskManagedEBSVolumeConfiguration: Codable, Sendable {
        package var encrypted: Bool?
        package var kmsKeyId: String?
        package var volumeType: String?
        package var sizeInGiB: Int?
        package var snapshotId: String?
        package var volumeInitializationRate: Int?
        package var iops: Int?
        package var throughput: Int?
        package var tagSpecifications: [EBSTagSpecification]?
        package var roleArn: String?
        package var terminationPolicy: TaskManagedEBSVolumeTerminationPolicy?
        package var filesystemType: String?
    }

    package struct EBSTagSpecification: Codable, Sendable {
        package var resourceType: String?
        package var tags: [Tag]?
        package var propagateTags: String?
    }

    package struct TaskManagedEBSVolumeTerminationPolicy: Codable, Sendable {
        package var deleteOnTermination: Bool?
    }
}
