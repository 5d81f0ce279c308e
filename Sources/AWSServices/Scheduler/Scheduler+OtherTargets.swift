/// What schedules hold that start something other than an ECS task: fgctl only carries it over when it writes them back.
///
/// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html
extension Scheduler {
    package struct EventBridgeParameters: Codable, Sendable, Hashable {
        package var detailType: String
        package var source: String
    }

    package struct KinesisParameters: Codable, Sendable, Hashable {
        package var partitionKey: String
    }

    package struct SageMakerPipelineParameter: Codable, Sendable, Hashable {
        package var name: String
        package var value: String
    }

    package struct SageMakerPipelineParameters: Codable, Sendable, Hashable {
        package var pipelineParameterList: [SageMakerPipelineParameter]?
    }

    package struct SqsParameters: Codable, Sendable, Hashable {
        package var messageGroupId: String?
    }
}
