extension CloudFormation {
    package struct CreateChangeSetRequest: Codable, Sendable {
        package var stackName: String
        package var changeSetName: String
        /// CREATE for a stack that does not exist (or is in REVIEW_IN_PROGRESS), UPDATE otherwise.
        package var changeSetType: String
        /// At most 51,200 bytes; larger templates go through `templateURL`.
        package var templateBody: String?
        package var templateURL: String?
        package var usePreviousTemplate: Bool?
        package var parameters: [Parameter]?
        package var capabilities: [String]?
        package var tags: [Tag]?
        package var description: String?
        /// Adopts resources of the template's static names that exist already.
        package var importExistingResources: Bool?
        package var includeNestedStacks: Bool?
        /// Marks the request, so that a repeated one makes no second change set.
        package var clientToken: String
        package init(stackName: String, changeSetName: String, changeSetType: String, clientToken: String) {
            self.stackName = stackName
            self.changeSetName = changeSetName
            self.changeSetType = changeSetType
            self.clientToken = clientToken
        }
    }

    package struct CreateChangeSetResponse: Codable, Sendable {
        package let id: String
        package let stackId: String
    }

    package struct DescribeChangeSetRequest: Codable, Sendable {
        package var changeSetName: String
        package var stackName: String?
        package var nextToken: String?
        package var includePropertyValues: Bool?
        package init(changeSetName: String, stackName: String?) {
            self.changeSetName = changeSetName
            self.stackName = stackName
        }
    }

    package struct DescribeChangeSetResponse: Codable, Sendable {
        package let changeSetName: String?
        package let changeSetId: String?
        package let stackId: String?
        package let stackName: String?
        /// CREATE_PENDING, CREATE_IN_PROGRESS, CREATE_COMPLETE, DELETE_…, FAILED.
        package let status: String
        package let statusReason: String?
        /// UNAVAILABLE, AVAILABLE, EXECUTE_IN_PROGRESS, EXECUTE_COMPLETE, EXECUTE_FAILED, OBSOLETE.
        package let executionStatus: String?
        package let changes: [Change]?
        package let nextToken: String?
    }

    package struct Change: Codable, Sendable {
        package let type: String?
        package let resourceChange: ResourceChange?
    }

    package struct ResourceChange: Codable, Sendable {
        /// Add, Modify, Remove, Import, Dynamic.
        package let action: String?
        package let logicalResourceId: String?
        package let physicalResourceId: String?
        package let resourceType: String?
        /// True, False, Conditional.
        package let replacement: String?
        /// Properties, Metadata, Tags, …
        package let scope: [String]?
        package let details: [ResourceChangeDetail]?
        /// Delete, Retain, Snapshot, ReplaceAndDelete, ReplaceAndRetain, ReplaceAndSnapshot.
        package let policyAction: String?
    }

    package struct ResourceChangeDetail: Codable, Sendable {
        package let target: ResourceTargetDefinition?
        package let changeSource: String?
        package let causingEntity: String?
    }

    package struct ResourceTargetDefinition: Codable, Sendable {
        package let attribute: String?
        package let name: String?
        package let requiresRecreation: String?
        package let path: String?
        package let beforeValue: String?
        package let afterValue: String?
    }

    package struct ExecuteChangeSetRequest: Codable, Sendable {
        package var changeSetName: String
        package var stackName: String?
        package var disableRollback: Bool?
        /// Marks the events of this operation.
        package var clientRequestToken: String
        package init(changeSetName: String, stackName: String?, clientRequestToken: String) {
            self.changeSetName = changeSetName
            self.stackName = stackName
            self.clientRequestToken = clientRequestToken
        }
    }

    package struct DeleteChangeSetRequest: Codable, Sendable {
        package var changeSetName: String
        package var stackName: String?
        package init(changeSetName: String, stackName: String?) {
            self.changeSetName = changeSetName
            self.stackName = stackName
        }
    }
}
