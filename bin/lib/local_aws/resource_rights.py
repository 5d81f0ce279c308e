"""What CloudFormation does to make, change and delete a resource, in the rights of whoever started it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html (handlers, permissions)

One row for each type in `templates/`, cut to the properties that those set. No emulator code in here: the overlay
enforces these rights, and `bin/permissions` checks the policies in docs/permissions against them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rights:
    """IAM actions; `update` those of a change in place, of the stack's tags for one."""

    create: tuple[str, ...]
    delete: tuple[str, ...]
    update: tuple[str, ...] = ()
    #: Roles among the properties that are passed to a service: property names, and the service.
    passes: tuple[str, ...] = ()
    passed_to: str = ""

    @property
    def creating(self) -> str:
        """The one of `create` that makes the resource."""
        makers = ("Create", "Register", "Attach", "Associate", "Put")
        return next(action for action in self.create if action.partition(":")[2].startswith(makers))


def _rights(create: str, delete: str, update: str = "", passes: str = "", to: str = "") -> Rights:
    return Rights(tuple(create.split()), tuple(delete.split()), tuple(update.split()), tuple(passes.split()), to)


RESOURCE_RIGHTS: dict[str, Rights] = {
    "AWS::ECS::Cluster": _rights(
        "ecs:CreateCluster ecs:TagResource ecs:DescribeClusters", "ecs:DeleteCluster ecs:DescribeClusters",
        "ecs:UpdateCluster ecs:UpdateClusterSettings ecs:TagResource ecs:UntagResource ecs:DescribeClusters"),
    "AWS::ECS::TaskDefinition": _rights(
        "ecs:RegisterTaskDefinition ecs:TagResource ecs:DescribeTaskDefinition",
        "ecs:DeregisterTaskDefinition ecs:DescribeTaskDefinition",
        passes="ExecutionRoleArn TaskRoleArn", to="ecs-tasks.amazonaws.com"),
    "AWS::Logs::LogGroup": _rights(
        "logs:CreateLogGroup logs:PutRetentionPolicy logs:TagResource logs:DescribeLogGroups logs:ListTagsForResource",
        "logs:DeleteLogGroup logs:DescribeLogGroups",
        "logs:PutRetentionPolicy logs:TagResource logs:UntagResource logs:DescribeLogGroups logs:ListTagsForResource"),
    "AWS::IAM::Role": _rights(
        "iam:CreateRole iam:PutRolePolicy iam:TagRole iam:GetRole",
        "iam:DeleteRole iam:DeleteRolePolicy iam:ListRolePolicies iam:ListAttachedRolePolicies iam:GetRole",
        "iam:PutRolePolicy iam:DeleteRolePolicy iam:UpdateRoleDescription iam:TagRole iam:UntagRole iam:GetRole "
        "iam:GetRolePolicy iam:ListRolePolicies"),
    "AWS::IAM::ManagedPolicy": _rights(
        "iam:CreatePolicy iam:GetPolicy",
        "iam:DeletePolicy iam:GetPolicy iam:ListEntitiesForPolicy iam:ListPolicyVersions",
        "iam:CreatePolicyVersion iam:DeletePolicyVersion iam:ListPolicyVersions iam:GetPolicy"),
    "AWS::Scheduler::ScheduleGroup": _rights(
        "scheduler:CreateScheduleGroup scheduler:TagResource scheduler:GetScheduleGroup scheduler:ListTagsForResource",
        "scheduler:DeleteScheduleGroup scheduler:DeleteSchedule scheduler:GetScheduleGroup",
        "scheduler:TagResource scheduler:UntagResource scheduler:GetScheduleGroup scheduler:ListTagsForResource"),
    "AWS::EC2::VPC": _rights(
        "ec2:CreateVpc ec2:CreateTags ec2:ModifyVpcAttribute ec2:DescribeVpcs ec2:DescribeVpcAttribute "
        "ec2:DescribeNetworkAcls ec2:DescribeSecurityGroups", "ec2:DeleteVpc ec2:DescribeVpcs",
        "ec2:ModifyVpcAttribute ec2:CreateTags ec2:DeleteTags ec2:DescribeVpcs"),
    # The zones of !GetAZs:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
    "AWS::EC2::Subnet": _rights(
        "ec2:DescribeAvailabilityZones ec2:DescribeAccountAttributes ec2:CreateSubnet ec2:CreateTags "
        "ec2:ModifySubnetAttribute ec2:DescribeSubnets", "ec2:DeleteSubnet ec2:DescribeSubnets",
        "ec2:ModifySubnetAttribute ec2:CreateTags ec2:DeleteTags ec2:DescribeSubnets"),
    "AWS::EC2::InternetGateway": _rights(
        "ec2:CreateInternetGateway ec2:CreateTags ec2:DescribeInternetGateways",
        "ec2:DeleteInternetGateway ec2:DescribeInternetGateways", "ec2:CreateTags ec2:DeleteTags"),
    "AWS::EC2::VPCGatewayAttachment": _rights(
        "ec2:AttachInternetGateway ec2:DescribeInternetGateways",
        "ec2:DetachInternetGateway ec2:DescribeInternetGateways"),
    "AWS::EC2::RouteTable": _rights(
        "ec2:CreateRouteTable ec2:CreateTags ec2:DescribeRouteTables",
        "ec2:DeleteRouteTable ec2:DescribeRouteTables", "ec2:CreateTags ec2:DeleteTags"),
    "AWS::EC2::Route": _rights(
        "ec2:CreateRoute ec2:DescribeRouteTables ec2:DescribeNetworkInterfaces",
        "ec2:DeleteRoute ec2:DescribeRouteTables"),
    "AWS::EC2::SubnetRouteTableAssociation": _rights(
        "ec2:AssociateRouteTable ec2:DescribeRouteTables", "ec2:DisassociateRouteTable ec2:DescribeRouteTables"),
    # A new group lets everything out by itself; that rule gives way to the template's.
    "AWS::EC2::SecurityGroup": _rights(
        "ec2:CreateSecurityGroup ec2:CreateTags ec2:AuthorizeSecurityGroupEgress ec2:RevokeSecurityGroupEgress "
        "ec2:DescribeSecurityGroups", "ec2:DeleteSecurityGroup ec2:DescribeSecurityGroups",
        "ec2:CreateTags ec2:DeleteTags"),
    # Both stay when the stack goes, unless its creation failed.
    "AWS::S3::Bucket": _rights(
        "s3:CreateBucket s3:PutBucketTagging s3:PutEncryptionConfiguration s3:PutBucketPublicAccessBlock "
        "s3:PutBucketOwnershipControls s3:ListBucket", "s3:DeleteBucket", "s3:PutBucketTagging"),
    "AWS::S3::BucketPolicy": _rights(
        "s3:GetBucketPolicy s3:PutBucketPolicy", "s3:DeleteBucketPolicy s3:GetBucketPolicy", "s3:PutBucketPolicy s3:GetBucketPolicy"),
    "AWS::ECR::Repository": _rights(
        "ecr:CreateRepository ecr:PutLifecyclePolicy ecr:TagResource ecr:DescribeRepositories",
        "ecr:DeleteRepository ecr:DescribeRepositories",
        "ecr:PutLifecyclePolicy ecr:PutImageTagMutability ecr:PutImageScanningConfiguration ecr:TagResource "
        "ecr:UntagResource ecr:DescribeRepositories"),
    # A private zone is one of Route 53 in the VPC.
    "AWS::ServiceDiscovery::PrivateDnsNamespace": _rights(
        "servicediscovery:CreatePrivateDnsNamespace servicediscovery:GetOperation servicediscovery:GetNamespace "
        "servicediscovery:TagResource route53:CreateHostedZone route53:GetHostedZone route53:ListHostedZonesByName "
        "ec2:DescribeVpcs ec2:DescribeRegions",
        "servicediscovery:DeleteNamespace servicediscovery:GetOperation route53:DeleteHostedZone",
        "servicediscovery:TagResource servicediscovery:UntagResource servicediscovery:GetNamespace"),
    "AWS::ServiceDiscovery::Service": _rights(
        "servicediscovery:CreateService servicediscovery:GetService servicediscovery:TagResource",
        "servicediscovery:DeleteService servicediscovery:GetService",
        "servicediscovery:UpdateService servicediscovery:TagResource servicediscovery:UntagResource"),
    "AWS::SecretsManager::Secret": _rights(
        "secretsmanager:CreateSecret secretsmanager:GetRandomPassword secretsmanager:TagResource "
        "secretsmanager:DescribeSecret",
        "secretsmanager:DeleteSecret secretsmanager:DescribeSecret",
        "secretsmanager:TagResource secretsmanager:UntagResource secretsmanager:DescribeSecret"),
    "AWS::RDS::DBSubnetGroup": _rights(
        "rds:CreateDBSubnetGroup rds:AddTagsToResource rds:DescribeDBSubnetGroups",
        "rds:DeleteDBSubnetGroup rds:DescribeDBSubnetGroups",
        "rds:ModifyDBSubnetGroup rds:AddTagsToResource rds:RemoveTagsFromResource rds:DescribeDBSubnetGroups"),
    # The password is a reference into the secret, which is read in the caller's rights.
    "AWS::RDS::DBInstance": _rights(
        "rds:CreateDBInstance rds:AddTagsToResource rds:DescribeDBInstances secretsmanager:GetSecretValue "
        "iam:CreateServiceLinkedRole",
        "rds:DeleteDBInstance rds:CreateDBSnapshot rds:DescribeDBInstances",
        "rds:ModifyDBInstance rds:AddTagsToResource rds:RemoveTagsFromResource rds:DescribeDBInstances "
        "secretsmanager:GetSecretValue"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _rights(
        "elasticloadbalancing:CreateLoadBalancer elasticloadbalancing:ModifyLoadBalancerAttributes "
        "elasticloadbalancing:AddTags elasticloadbalancing:DescribeLoadBalancers iam:CreateServiceLinkedRole",
        "elasticloadbalancing:DeleteLoadBalancer elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:ModifyLoadBalancerAttributes elasticloadbalancing:SetSecurityGroups "
        "elasticloadbalancing:SetSubnets elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _rights(
        "elasticloadbalancing:CreateTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes "
        "elasticloadbalancing:AddTags elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DeleteTargetGroup elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:ModifyTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes "
        "elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags"),
    "AWS::ElasticLoadBalancingV2::Listener": _rights(
        "elasticloadbalancing:CreateListener elasticloadbalancing:AddTags elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DeleteListener elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:ModifyListener elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags"),
    "AWS::ECS::Service": _rights(
        "ecs:CreateService ecs:TagResource ecs:DescribeServices", "ecs:DeleteService ecs:DescribeServices",
        "ecs:UpdateService ecs:TagResource ecs:UntagResource ecs:DescribeServices"),
}
