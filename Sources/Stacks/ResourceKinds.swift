/// What is lost when a resource goes; pure.
package enum ResourceKinds {
    /// Resources that hold data.
    private static let data: Set<String> = [
        "AWS::S3::Bucket", "AWS::ECR::Repository", "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable",
        "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::EFS::FileSystem", "AWS::FSx::FileSystem",
        "AWS::EC2::Volume", "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::Kinesis::Stream",
        "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup", "AWS::OpenSearchService::Domain",
        "AWS::Redshift::Cluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster", "AWS::Cognito::UserPool",
        "AWS::Backup::BackupVault",
    ]
    /// Resources that hold what is in no template: data, and logs, messages, schedules, addresses that others were told.
    private static let stateful = data.union([
        "AWS::Logs::LogGroup", "AWS::Scheduler::ScheduleGroup", "AWS::SQS::Queue", "AWS::SSM::Parameter",
        "AWS::EC2::EIP", "AWS::EC2::VPC", "AWS::Route53::HostedZone",
    ])
    /// Resources that serve others while they are there.
    private static let serving: Set<String> = [
        "AWS::ECS::Service", "AWS::ECS::Cluster", "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::EC2::Subnet",
    ]

    /// Whether deleting a resource of the type may lose data, even when a failed creation has made it.
    package static func holdsData(_ type: String) -> Bool { data.contains(type) }

    /// Whether replacing or removing it is worth a question. A new revision of a task definition is a replacement too, and
    /// never is.
    package static func isWorthAQuestion(_ change: StackChange) -> Bool {
        guard stateful.contains(change.type) || serving.contains(change.type) else { return false }
        if change.action == "Remove" { return change.policy != "Retain" }
        return change.replacement == "True" || change.replacement == "Conditional" && stateful.contains(change.type)
    }
}
