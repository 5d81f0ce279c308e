package import FoundationEssentials

extension CloudFormation {
    /// The state of a stack; the 23 names of the API, open for later ones.
    package struct StackStatus: RawRepresentable, Codable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package var description: String { rawValue }

        package static let reviewInProgress = Self(rawValue: "REVIEW_IN_PROGRESS")
        package static let createInProgress = Self(rawValue: "CREATE_IN_PROGRESS")
        package static let createComplete = Self(rawValue: "CREATE_COMPLETE")
        package static let createFailed = Self(rawValue: "CREATE_FAILED")
        package static let rollbackComplete = Self(rawValue: "ROLLBACK_COMPLETE")
        package static let rollbackFailed = Self(rawValue: "ROLLBACK_FAILED")
        package static let updateComplete = Self(rawValue: "UPDATE_COMPLETE")
        package static let updateFailed = Self(rawValue: "UPDATE_FAILED")
        package static let updateRollbackComplete = Self(rawValue: "UPDATE_ROLLBACK_COMPLETE")
        package static let updateRollbackFailed = Self(rawValue: "UPDATE_ROLLBACK_FAILED")
        package static let updateCompleteCleanupInProgress = Self(rawValue: "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        package static let importComplete = Self(rawValue: "IMPORT_COMPLETE")
        package static let importRollbackFailed = Self(rawValue: "IMPORT_ROLLBACK_FAILED")
        package static let deleteComplete = Self(rawValue: "DELETE_COMPLETE")
        package static let deleteFailed = Self(rawValue: "DELETE_FAILED")

        /// Whether CloudFormation is at work on the stack. REVIEW_IN_PROGRESS is not work: it waits for a change set.
        package var isInProgress: Bool { rawValue.hasSuffix("_IN_PROGRESS") && self != .reviewInProgress }
        /// Whether the stack holds what an operation left in good order (a rolled back update included).
        package var isSettled: Bool {
            rawValue.hasSuffix("_COMPLETE") && self != .rollbackComplete && self != .deleteComplete
        }
        /// Whether the last operation was left unfinished: `…_FAILED`.
        package var isFailed: Bool { rawValue.hasSuffix("_FAILED") }
    }

    package struct Tag: Codable, Sendable, Hashable {
        package let key: String
        package let value: String
        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    package struct Parameter: Codable, Sendable, Hashable {
        package let parameterKey: String
        package let parameterValue: String?
        package let usePreviousValue: Bool?
        /// The value behind an SSM parameter type; only in answers.
        package let resolvedValue: String?
        package init(parameterKey: String, parameterValue: String?, usePreviousValue: Bool? = nil) {
            self.parameterKey = parameterKey
            self.parameterValue = parameterValue
            self.usePreviousValue = usePreviousValue
            resolvedValue = nil
        }
    }

    package struct Output: Codable, Sendable {
        package let outputKey: String
        package let outputValue: String
        package let description: String?
        package let exportName: String?
    }

    package struct DriftInformation: Codable, Sendable {
        /// DRIFTED, IN_SYNC, UNKNOWN or NOT_CHECKED.
        package let stackDriftStatus: String?
    }

    package struct Stack: Codable, Sendable {
        package let stackId: String?
        package let stackName: String
        package let description: String?
        package let parameters: [Parameter]?
        package let creationTime: Date
        package let lastUpdatedTime: Date?
        package let stackStatus: StackStatus
        package let stackStatusReason: String?
        package let capabilities: [String]?
        package let outputs: [Output]?
        package let tags: [Tag]?
        package let enableTerminationProtection: Bool?
        package let driftInformation: DriftInformation?

        /// The value of an output; `nil` when the stack has none of that name.
        package func output(_ key: String) -> String? { outputs?.first { $0.outputKey == key }?.outputValue }
        /// The value of a parameter as CloudFormation reads it back (`****` for NoEcho ones).
        package func parameter(_ key: String) -> String? {
            parameters?.first { $0.parameterKey == key }?.parameterValue
        }
        /// The value of a tag.
        package func tag(_ key: String) -> String? { tags?.first { $0.key == key }?.value }
    }

    package struct StackEvent: Codable, Sendable {
        package let stackId: String
        package let eventId: String
        package let stackName: String
        package let logicalResourceId: String?
        package let physicalResourceId: String?
        package let resourceType: String?
        package let timestamp: Date
        package let resourceStatus: String?
        package let resourceStatusReason: String?
        package let clientRequestToken: String?
    }

    package struct StackResourceSummary: Codable, Sendable {
        package let logicalResourceId: String
        package let physicalResourceId: String?
        package let resourceType: String
        package let lastUpdatedTimestamp: Date?
        package let resourceStatus: String
        package let resourceStatusReason: String?
    }

    package struct DescribeStacksRequest: Codable, Sendable {
        package var stackName: String?
        package var nextToken: String?
        package init(stackName: String?) { self.stackName = stackName }
    }

    package struct DescribeStacksResponse: Codable, Sendable {
        package let stacks: [Stack]
        package let nextToken: String?
    }

    package struct DescribeStackEventsRequest: Codable, Sendable {
        package var stackName: String
        package var nextToken: String?
        package init(stackName: String, nextToken: String? = nil) {
            self.stackName = stackName
            self.nextToken = nextToken
        }
    }

    package struct DescribeStackEventsResponse: Codable, Sendable {
        package let stackEvents: [StackEvent]
        package let nextToken: String?
    }

    package struct ListStackResourcesRequest: Codable, Sendable {
        package var stackName: String
        package var nextToken: String?
        package init(stackName: String) { self.stackName = stackName }
    }

    package struct ListStackResourcesResponse: Codable, Sendable {
        package let stackResourceSummaries: [StackResourceSummary]
        package let nextToken: String?
    }

    package struct DeleteStackRequest: Codable, Sendable {
        package var stackName: String
        package var retainResources: [String]?
        /// Marks the events of this operation.
        package var clientRequestToken: String
        package init(stackName: String, clientRequestToken: String) {
            self.stackName = stackName
            self.clientRequestToken = clientRequestToken
        }
    }

    package struct GetTemplateRequest: Codable, Sendable {
        package var stackName: String
        package var templateStage: String
    }

    package struct GetTemplateResponse: Codable, Sendable {
        package let templateBody: String?
    }

    struct DescribeEventsRequest: Codable, Sendable {
        struct Filters: Codable, Sendable {
            let failedEvents: Bool
        }
        let stackName: String?
        let changeSetName: String?
        let filters: Filters
    }

    struct DescribeEventsResponse: Codable, Sendable {
        let operationEvents: [OperationEvent]?
    }

    /// One step of an operation on a stack or change set; what stack events say and what checks before them found.
    package struct OperationEvent: Codable, Sendable {
        /// STACK_EVENT, PROGRESS_EVENT, VALIDATION_ERROR, PROVISIONING_ERROR, HOOK_INVOCATION_ERROR.
        package let eventType: String?
        package let logicalResourceId: String?
        package let resourceType: String?
        package let resourceStatusReason: String?
        package let hookStatusReason: String?
        package let validationStatusReason: String?
        /// Where in the template: `/Resources/Bucket/Properties/BucketName`.
        package let validationPath: String?
    }
}
