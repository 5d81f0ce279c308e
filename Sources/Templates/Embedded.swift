// Written by bin/embed-templates from templates/*.yaml. Change those and run it again.
// swift-format-ignore-file

/// The templates that fgctl brings along, by name.
enum EmbeddedTemplates {
    static let bodies: [(name: String, body: String)] = [
(name: "deploy-role", body: #"""
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  fgctl deploy role: what a pipeline needs to build, deploy and run one task stack and its network, and nothing more

# The role may create roles only with the boundary below, so nothing that it makes can do more than a task's roles need.
# Its own name begins with fgctl-deploy-, which none of its rights on roles covers: it can't change itself.
# PERMISSIONS_BOUNDARY in the env file has to name the boundary: the task template then gives it to all its roles.

Parameters:
  PrincipalArn:
    Type: String
    Description: Who may assume the role, such as arn:aws:iam::123456789012:root or a role of a pipeline
    AllowedPattern: ^arn:[a-z0-9-]+:iam::[0-9]{12}:(root|user/.+|role/.+)$
    ConstraintDescription: must be the ARN of an account's root, a user or a role
  ExternalId:
    Type: String
    Description: What the principal has to say to assume the role
    AllowedPattern: ^[A-Za-z0-9+=,.@:/-]{8,200}$
    ConstraintDescription: must be 8 to 200 letters, digits and +=,.@:/-
  TaskStackName:
    Type: String
    Description: The task stack (STACK_NAME)
    AllowedPattern: ^[A-Za-z][A-Za-z0-9-]{0,63}$
    ConstraintDescription: must be the name of a stack with at most 64 characters
  NetworkStackName:
    Type: String
    Default: ""
    Description: The network stack (PARENT_STACK_NAME); empty when the role is not to make a network
    AllowedPattern: ^$|^[A-Za-z][A-Za-z0-9-]{0,127}$
    ConstraintDescription: must be the name of a stack, or empty
  BucketName:
    Type: String
    Default: ""
    Description: The project's bucket (S3_BUCKET); empty for none
    AllowedPattern: ^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$
    ConstraintDescription: must be a bucket name, or empty
  RepositoryName:
    Type: String
    Default: ""
    Description: The ECR repository (IMAGE_NAME); empty for an image of another registry
    AllowedPattern: ^$|^[a-z0-9]+([._/-]+[a-z0-9]+)*$
    ConstraintDescription: must be the name of an ECR repository, or empty

Conditions:
  HasNetwork: !Not [!Equals [!Ref NetworkStackName, ""]]
  HasBucket: !Not [!Equals [!Ref BucketName, ""]]
  HasRepository: !Not [!Equals [!Ref RepositoryName, ""]]

Resources:
  # The most that a role made by the deploy role can ever do.
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Description: !Sub Bounds the roles of ${TaskStackName}
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: [logs:CreateLogStream, logs:PutLogEvents]
            Resource: !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${TaskStackName}:*
          - Effect: Allow
            Action: ecr:GetAuthorizationToken
            Resource: "*"
          - Effect: Allow
            Action: [ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]
            Resource: !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/*
          - Effect: Allow
            Action: [ssm:GetParameter, ssm:GetParameters, ssm:GetParametersByPath]
            Resource:
              - !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${TaskStackName}
              - !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${TaskStackName}__*
              - !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${TaskStackName}_params
              - !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${TaskStackName}/*
          - Effect: Allow
            Action: secretsmanager:GetSecretValue
            Resource: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${TaskStackName}/*
          - !If
            - HasBucket
            - Effect: Allow
              Action: [s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload]
              Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}/${TaskStackName}/*
            - !Ref AWS::NoValue
          - !If
            - HasBucket
            - Effect: Allow
              Action: s3:ListBucket
              Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}
            - !Ref AWS::NoValue
          - Effect: Allow
            Action: ecs:RunTask
            Resource:
              - !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${TaskStackName}
              - !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${TaskStackName}:*
          - Effect: Allow
            Action: ecs:TagResource
            Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${TaskStackName}/*
          - Effect: Allow
            Action: iam:PassRole
            Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${TaskStackName}-*
            Condition:
              StringEquals:
                iam:PassedToService: ecs-tasks.amazonaws.com
          - Effect: Allow
            Action: sqs:SendMessage
            Resource: !Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:*

  DeployRole:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub Deploys ${TaskStackName} by fgctl
      MaxSessionDuration: 3600
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Ref PrincipalArn
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                sts:ExternalId: !Ref ExternalId
      Policies:
        - PolicyName: stacks
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - cloudformation:CreateChangeSet
                  - cloudformation:DescribeChangeSet
                  - cloudformation:ExecuteChangeSet
                  - cloudformation:DeleteChangeSet
                  - cloudformation:DescribeEvents
                  - cloudformation:DescribeStackEvents
                  - cloudformation:GetTemplate
                  - cloudformation:ListStackResources
                  - cloudformation:DeleteStack
                  # fgctl never cancels, but says how to when it is interrupted.
                  - cloudformation:CancelUpdateStack
                  - cloudformation:ContinueUpdateRollback
                  - cloudformation:RollbackStack
                  - cloudformation:TagResource
                Resource:
                  - !Sub arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${TaskStackName}/*
                  - !If
                    - HasNetwork
                    - !Sub arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${NetworkStackName}/*
                    - !Ref AWS::NoValue
              # Stacks are also listed, to find those that use a network.
              - Effect: Allow
                Action: cloudformation:DescribeStacks
                Resource: "*"
        # Roles can only be made and given rights with the boundary, and passed to the services that need them.
        - PolicyName: roles
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [iam:CreateRole, iam:PutRolePolicy, iam:DeleteRolePolicy]
                Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${TaskStackName}-*
                Condition:
                  StringEquals:
                    iam:PermissionsBoundary: !Ref Boundary
              - Effect: Allow
                Action:
                  - iam:DeleteRole
                  - iam:GetRole
                  - iam:GetRolePolicy
                  - iam:ListRolePolicies
                  - iam:ListAttachedRolePolicies
                  - iam:TagRole
                  - iam:UntagRole
                  - iam:UpdateRoleDescription
                Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${TaskStackName}-*
              - Effect: Allow
                Action: iam:PassRole
                Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${TaskStackName}-*
                Condition:
                  StringEquals:
                    iam:PassedToService:
                      - ecs-tasks.amazonaws.com
                      - scheduler.amazonaws.com
                      - events.amazonaws.com
              - Effect: Allow
                Action: iam:CreateServiceLinkedRole
                Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/ecs.amazonaws.com/*
                Condition:
                  StringEquals:
                    iam:AWSServiceName: ecs.amazonaws.com
        - PolicyName: tasks
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [ecs:RunTask, ecs:StopTask, ecs:DescribeTasks, ecs:TagResource, ecs:UntagResource]
                Resource:
                  - !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${TaskStackName}:*
                  - !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${TaskStackName}/*
                  - !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${TaskStackName}
              - Effect: Allow
                Action: [ecs:DeleteCluster, ecs:DescribeClusters, ecs:UpdateCluster, ecs:UpdateClusterSettings]
                Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${TaskStackName}
              # For ecs-run-task --like-service.
              - Effect: Allow
                Action: ecs:DescribeServices
                Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/${TaskStackName}/*
              - Effect: Allow
                Action: ecs:ListTasks
                Resource: "*"
                Condition:
                  ArnEquals:
                    ecs:cluster: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${TaskStackName}
              # These know no resources.
              - Effect: Allow
                Action:
                  - ecs:CreateCluster
                  - ecs:RegisterTaskDefinition
                  - ecs:DeregisterTaskDefinition
                  - ecs:DescribeTaskDefinition
                  - ec2:DescribeRouteTables
                  - ec2:DescribeSubnets
                  - ec2:DescribeVpcEndpoints
                Resource: "*"
              - Effect: Allow
                Action:
                  - logs:CreateLogGroup
                  - logs:DeleteLogGroup
                  - logs:PutRetentionPolicy
                  - logs:TagResource
                  - logs:UntagResource
                  - logs:ListTagsForResource
                  - logs:GetLogEvents
                  - logs:FilterLogEvents
                  - logs:DescribeLogStreams
                Resource:
                  - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${TaskStackName}
                  - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${TaskStackName}:*
              - Effect: Allow
                Action: logs:DescribeLogGroups
                Resource: !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*
        - PolicyName: schedules
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - scheduler:CreateScheduleGroup
                  - scheduler:GetScheduleGroup
                  - scheduler:DeleteScheduleGroup
                  - scheduler:TagResource
                  - scheduler:UntagResource
                  - scheduler:ListTagsForResource
                  - scheduler:CreateSchedule
                  - scheduler:GetSchedule
                  - scheduler:UpdateSchedule
                  - scheduler:DeleteSchedule
                Resource:
                  - !Sub arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/${TaskStackName}
                  - !Sub arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${TaskStackName}/*
              - Effect: Allow
                Action: [events:ListRules, scheduler:ListSchedules]
                Resource: "*"
              - Effect: Allow
                Action:
                  - events:DescribeRule
                  - events:PutRule
                  - events:DeleteRule
                  - events:EnableRule
                  - events:DisableRule
                  - events:PutTargets
                  - events:RemoveTargets
                  - events:ListTargetsByRule
                Resource: !Sub arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${TaskStackName}-*
        - !If
          - HasRepository
          - PolicyName: images
            PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action: ecr:GetAuthorizationToken
                  Resource: "*"
                - Effect: Allow
                  Action:
                    - ecr:CreateRepository
                    - ecr:DescribeRepositories
                    - ecr:DescribeImages
                    - ecr:BatchGetImage
                    - ecr:BatchCheckLayerAvailability
                    - ecr:GetDownloadUrlForLayer
                    - ecr:InitiateLayerUpload
                    - ecr:UploadLayerPart
                    - ecr:CompleteLayerUpload
                    - ecr:PutImage
                    - ecr:TagResource
                  Resource: !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${RepositoryName}
          - !Ref AWS::NoValue
        - !If
          - HasBucket
          - PolicyName: bucket
            PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action:
                    - s3:CreateBucket
                    - s3:ListBucket
                    - s3:PutBucketTagging
                    - s3:PutBucketPublicAccessBlock
                    - s3:PutBucketOwnershipControls
                    - s3:PutEncryptionConfiguration
                    - s3:PutBucketPolicy
                    # A network whose creation failed takes its new, empty bucket with it.
                    - s3:DeleteBucket
                    - s3:DeleteBucketPolicy
                    # An existing bucket is adopted, for which all its settings are read.
                    - s3:GetBucket*
                    - s3:GetAccelerateConfiguration
                    - s3:GetAnalyticsConfiguration
                    - s3:GetEncryptionConfiguration
                    - s3:GetIntelligentTieringConfiguration
                    - s3:GetInventoryConfiguration
                    - s3:GetLifecycleConfiguration
                    - s3:GetMetricsConfiguration
                    - s3:GetReplicationConfiguration
                  Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}
                # Run records, and templates too large for a request, which lie under their stack's name.
                - Effect: Allow
                  Action: [s3:GetObject, s3:PutObject]
                  Resource:
                    - !Sub arn:${AWS::Partition}:s3:::${BucketName}/${TaskStackName}/*
                    - !If
                      - HasNetwork
                      - !Sub arn:${AWS::Partition}:s3:::${BucketName}/${NetworkStackName}/templates/*
                      - !Ref AWS::NoValue
          - !Ref AWS::NoValue
        # What is made for a network bears the stack's tags; only that can be changed and deleted, and only what is being
        # made can be given tags.
        - !If
          - HasNetwork
          - PolicyName: network
            PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action:
                    - ec2:DescribeAccountAttributes
                    - ec2:DescribeAvailabilityZones
                    - ec2:DescribeInternetGateways
                    - ec2:DescribeNetworkAcls
                    - ec2:DescribeNetworkInterfaces
                    - ec2:DescribeSecurityGroups
                    - ec2:DescribeSubnets
                    - ec2:DescribeVpcAttribute
                    - ec2:DescribeVpcs
                  Resource: "*"
                - Effect: Allow
                  Action: [ec2:CreateInternetGateway, ec2:CreateRouteTable, ec2:CreateSecurityGroup, ec2:CreateSubnet]
                  Resource:
                    - !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:internet-gateway/*
                    - !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:route-table/*
                    - !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:security-group/*
                    - !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:subnet/*
                - Effect: Allow
                  Action: ec2:CreateVpc
                  Resource: !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/*
                - Effect: Allow
                  Action: ec2:CreateTags
                  Resource: !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*
                  Condition:
                    StringEquals:
                      ec2:CreateAction:
                        - CreateInternetGateway
                        - CreateRouteTable
                        - CreateSecurityGroup
                        - CreateSubnet
                        - CreateVpc
                - Effect: Allow
                  Action: [ec2:CreateRouteTable, ec2:CreateSecurityGroup, ec2:CreateSubnet]
                  Resource: !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/*
                  Condition:
                    StringEquals:
                      aws:ResourceTag/fgctl:stack: !Ref NetworkStackName
                - Effect: Allow
                  Action:
                    - ec2:AssociateRouteTable
                    - ec2:AttachInternetGateway
                    - ec2:AuthorizeSecurityGroupEgress
                    - ec2:CreateRoute
                    - ec2:CreateTags
                    - ec2:DeleteInternetGateway
                    - ec2:DeleteRoute
                    - ec2:DeleteRouteTable
                    - ec2:DeleteSecurityGroup
                    - ec2:DeleteSubnet
                    - ec2:DeleteTags
                    - ec2:DeleteVpc
                    - ec2:DetachInternetGateway
                    - ec2:DisassociateRouteTable
                    - ec2:ModifySubnetAttribute
                    - ec2:ModifyVpcAttribute
                    - ec2:RevokeSecurityGroupEgress
                  Resource: "*"
                  Condition:
                    StringEquals:
                      aws:ResourceTag/fgctl:stack: !Ref NetworkStackName
          - !Ref AWS::NoValue

Outputs:
  RoleArn:
    Description: The role to assume
    Value: !GetAtt DeployRole.Arn
  ExternalId:
    Description: What has to be said to assume it
    Value: !Ref ExternalId
  PermissionsBoundary:
    Description: The value of PERMISSIONS_BOUNDARY in the env file
    Value: !Ref Boundary

"""#),
(name: "network", body: #"""
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  fgctl network: a VPC with two public subnets in two zones, a security group without ingress,
  and the bucket that the task stacks share

# Usable by hand as well:
#   aws cloudformation deploy --template-file templates/network.yaml --stack-name my-network \
#     --parameter-overrides BucketName=my-bucket
# Tasks get public addresses instead of a NAT gateway: nothing can reach them (the security group has no ingress rule),
# and images, logs and parameters are fetched without hourly costs.

Parameters:
  VpcCidr:
    Type: String
    Default: 10.0.0.0/16
    Description: Address range of the VPC, /16 to /23; its first two /24 blocks become the subnets
    AllowedPattern: ^((25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})/(1[6-9]|2[0-3])$
    ConstraintDescription: must be an IPv4 range from /16 to /23, such as 10.0.0.0/16
  BucketName:
    Type: String
    Default: ""
    Description: Name of the shared bucket; empty for none
    AllowedPattern: ^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$
    ConstraintDescription: must be a bucket name of 3 to 63 lower-case letters, digits, dots and hyphens, or empty
  CreateBucket:
    Type: String
    Default: "true"
    Description: >-
      false uses the bucket BucketName as it is, for example one retained from an earlier stack
    AllowedValues: ["true", "false"]

Conditions:
  HasBucket: !Not [!Equals [!Ref BucketName, ""]]
  CreatesBucket: !And [!Condition HasBucket, !Equals [!Ref CreateBucket, "true"]]

Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: !Ref VpcCidr
      EnableDnsSupport: true
      EnableDnsHostnames: true
      Tags:
        - Key: Name
          Value: !Ref AWS::StackName

  SubnetOne:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      AvailabilityZone: !Select [0, !GetAZs ""]
      CidrBlock: !Select [0, !Cidr [!Ref VpcCidr, 2, 8]]
      MapPublicIpOnLaunch: true
      Tags:
        - Key: Name
          Value: !Sub ${AWS::StackName}-one

  SubnetTwo:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      AvailabilityZone: !Select [1, !GetAZs ""]
      CidrBlock: !Select [1, !Cidr [!Ref VpcCidr, 2, 8]]
      MapPublicIpOnLaunch: true
      Tags:
        - Key: Name
          Value: !Sub ${AWS::StackName}-two

  InternetGateway:
    Type: AWS::EC2::InternetGateway
    Properties:
      Tags:
        - Key: Name
          Value: !Ref AWS::StackName

  GatewayAttachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties:
      VpcId: !Ref Vpc
      InternetGatewayId: !Ref InternetGateway

  PublicRouteTable:
    Type: AWS::EC2::RouteTable
    Properties:
      VpcId: !Ref Vpc
      Tags:
        - Key: Name
          Value: !Sub ${AWS::StackName}-public

  DefaultRoute:
    Type: AWS::EC2::Route
    # A route to a gateway that is not attached yet is refused.
    DependsOn: GatewayAttachment
    Properties:
      RouteTableId: !Ref PublicRouteTable
      DestinationCidrBlock: 0.0.0.0/0
      GatewayId: !Ref InternetGateway

  SubnetOneRoutes:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties:
      SubnetId: !Ref SubnetOne
      RouteTableId: !Ref PublicRouteTable

  SubnetTwoRoutes:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties:
      SubnetId: !Ref SubnetTwo
      RouteTableId: !Ref PublicRouteTable

  SecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !Sub ${AWS::StackName} tasks, everything out and nothing in
      VpcId: !Ref Vpc
      SecurityGroupEgress:
        - IpProtocol: "-1"
          CidrIp: 0.0.0.0/0
          Description: everything out
      Tags:
        - Key: Name
          Value: !Ref AWS::StackName

  Bucket:
    Type: AWS::S3::Bucket
    Condition: CreatesBucket
    # Data outlives the stack; but a create that fails takes its new, empty bucket with it, so that it can be repeated.
    # A retained bucket is adopted by a change set with ImportExistingResources, which takes literal names only: fgctl
    # writes the name in place of the two references to BucketName below. Or it is used as it is: CreateBucket=false.
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      BucketName: !Ref BucketName
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              SSEAlgorithm: AES256
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
      OwnershipControls:
        Rules:
          - ObjectOwnership: BucketOwnerEnforced

  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Condition: CreatesBucket
    # Stays with the retained bucket, which would otherwise lose its protection.
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      # Not `!Ref Bucket`: the retained policy of a retained bucket is adopted by its name as well.
      Bucket: !Ref BucketName
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: TlsOnly
            Effect: Deny
            Principal: "*"
            Action: s3:*
            Resource:
              - !Sub arn:${AWS::Partition}:s3:::${Bucket}
              - !Sub arn:${AWS::Partition}:s3:::${Bucket}/*
            Condition:
              Bool:
                aws:SecureTransport: "false"

Outputs:
  VpcId:
    Description: The VPC
    Value: !Ref Vpc
  SubnetIds:
    Description: Both public subnets, separated by a comma
    Value: !Join [",", [!Ref SubnetOne, !Ref SubnetTwo]]
  SubnetOne:
    Description: The public subnet in the first zone
    Value: !Ref SubnetOne
  SubnetTwo:
    Description: The public subnet in the second zone
    Value: !Ref SubnetTwo
  InternetGatewayId:
    Description: The internet gateway of the VPC
    Value: !Ref InternetGateway
  RouteTableId:
    Description: The route table of both public subnets
    Value: !Ref PublicRouteTable
  SecurityGroupId:
    Description: The security group of tasks, without ingress
    Value: !Ref SecurityGroup
  BucketName:
    Description: The shared bucket, created here or used as given
    Condition: HasBucket
    Value: !If [CreatesBucket, !Ref Bucket, !Ref BucketName]

"""#),
(name: "task", body: #"""
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  fgctl task: one container image as a Fargate task with its cluster, logs, roles and schedule group

# Cluster, task family, container and schedule group all bear the name of the stack (at most 64 characters, the limit of
# a schedule group). Roles are named by CloudFormation. Tags are given to the stack, which hands them to its resources.

Parameters:
  ImageUri:
    Type: String
    Description: The image with its registry and tag or digest
    AllowedPattern: ^\S+[:@]\S+$
    ConstraintDescription: must be an image with its tag or digest, such as REGISTRY/NAME:0.1
  RepositoryName:
    Type: String
    Default: ""
    Description: ECR repository of the image in this account and region; empty for an image of another registry
    AllowedPattern: ^$|^[a-z0-9]+([._/-]+[a-z0-9]+)*$
    ConstraintDescription: must be the name of an ECR repository, or empty
  Cpu:
    Type: String
    Default: "256"
    Description: CPU units of the task; 1024 are one vCPU
    AllowedValues: ["256", "512", "1024", "2048", "4096", "8192", "16384"]
  Memory:
    Type: String
    Default: "512"
    Description: Memory of the task in MiB; which sizes are possible depends on Cpu
    AllowedPattern: ^[1-9][0-9]{2,5}$
    ConstraintDescription: must be a number of MiB that Fargate offers for Cpu
  Architecture:
    Type: String
    Default: X86_64
    Description: CPU architecture that the image was built for
    AllowedValues: [X86_64, ARM64]
  EphemeralStorage:
    Type: String
    Default: "0"
    Description: Disk of the task in GiB, 21 to 200; 0 for the 20 GiB that Fargate gives
    AllowedPattern: ^(0|2[1-9]|[3-9][0-9]|1[0-9][0-9]|200)$
    ConstraintDescription: must be 0 or 21 to 200 GiB
  BucketName:
    Type: String
    Default: ""
    Description: Bucket in which the task may use the folder named as the stack; empty for none
    AllowedPattern: ^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$
    ConstraintDescription: must be a bucket name of 3 to 63 lower-case letters, digits, dots and hyphens, or empty
  LogRetentionDays:
    Type: Number
    Default: 365
    Description: Days that log events are kept
    AllowedValues:
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
  CreateLogGroup:
    Type: String
    Default: "true"
    Description: >-
      false uses the existing log group /ecs/STACK as it is, for example one retained from an earlier stack of the name
    AllowedValues: ["true", "false"]
  ContainerInsights:
    Type: String
    Default: disabled
    Description: CloudWatch Container Insights of the cluster, which is billed by metric
    AllowedValues: [disabled, enabled, enhanced]
  DeadLetterArn:
    Type: String
    Default: ""
    Description: SQS queue to which schedules may send what they could not deliver; empty for none
    AllowedPattern: ^$|^arn:[a-z0-9-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}$
    ConstraintDescription: must be the ARN of a standard SQS queue, or empty
  PermissionsBoundary:
    Type: String
    Default: ""
    Description: ARN of the policy that bounds the stack's roles; empty for none
    AllowedPattern: ^$|^arn:[a-z0-9-]+:iam::([0-9]{12}|aws):policy/.+$
    ConstraintDescription: must be the ARN of a managed policy, or empty

Conditions:
  HasBoundary: !Not [!Equals [!Ref PermissionsBoundary, ""]]
  HasRepository: !Not [!Equals [!Ref RepositoryName, ""]]
  HasEphemeralStorage: !Not [!Equals [!Ref EphemeralStorage, "0"]]
  HasBucket: !Not [!Equals [!Ref BucketName, ""]]
  HasDeadLetterQueue: !Not [!Equals [!Ref DeadLetterArn, ""]]
  CreatesLogGroup: !Equals [!Ref CreateLogGroup, "true"]

Resources:
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      ClusterName: !Ref AWS::StackName
      ClusterSettings:
        - Name: containerInsights
          Value: !Ref ContainerInsights

  LogGroup:
    Type: AWS::Logs::LogGroup
    Condition: CreatesLogGroup
    # Logs outlive the stack, but not a create that failed. A stack created again over the retained group takes
    # CreateLogGroup=false, or adopts it as the bucket of the network template is adopted. There is no switch for deleting logs with the stack: whether a resource is retained can't
    # depend on a parameter without a transform.
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      LogGroupName: !Sub /ecs/${AWS::StackName}
      RetentionInDays: !Ref LogRetentionDays

  # What ECS itself may do for the task: fetch the image, write the log.
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub Fetches the image and writes the log of ${AWS::StackName}
      PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundary, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                aws:SourceAccount: !Ref AWS::AccountId
              ArnLike:
                aws:SourceArn: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*
      Policies:
        - PolicyName: logs
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - logs:CreateLogStream
                  - logs:PutLogEvents
                Resource: !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${AWS::StackName}:*
        - !If
          - HasRepository
          - PolicyName: image
            PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  # Knows no resources: the token is the account's.
                  Action: ecr:GetAuthorizationToken
                  Resource: "*"
                - Effect: Allow
                  Action:
                    - ecr:BatchCheckLayerAvailability
                    - ecr:BatchGetImage
                    - ecr:GetDownloadUrlForLayer
                  Resource: !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${RepositoryName}
          - !Ref AWS::NoValue

  # What the program in the container may do. Names end in a delimiter, so that stack NAME never opens stack NAME2.
  # Parameters encrypted with the account's key aws/ssm need no right of their own on the key.
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub What the container of ${AWS::StackName} may do
      PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundary, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                aws:SourceAccount: !Ref AWS::AccountId
              ArnLike:
                aws:SourceArn: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*
      Policies:
        - PolicyName: parameters
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - ssm:GetParameter
                  - ssm:GetParameters
                  - ssm:GetParametersByPath
                Resource:
                  - !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}__*
                  - !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}_params
                  - !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}/*
              # GetParametersByPath is authorised on the path as it is asked for, with or without a slash at its end.
              - Effect: Allow
                Action: ssm:GetParametersByPath
                Resource: !Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}
        - !If
          - HasBucket
          - PolicyName: bucket
            PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action:
                    - s3:GetObject
                    - s3:PutObject
                    - s3:DeleteObject
                    - s3:AbortMultipartUpload
                  Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}/${AWS::StackName}/*
                - Effect: Allow
                  Action: s3:ListBucket
                  Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}
                  Condition:
                    StringLike:
                      s3:prefix: !Sub ${AWS::StackName}/*
          - !Ref AWS::NoValue

  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Ref AWS::StackName
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: !Ref Cpu
      Memory: !Ref Memory
      RuntimePlatform:
        OperatingSystemFamily: LINUX
        CpuArchitecture: !Ref Architecture
      EphemeralStorage: !If [HasEphemeralStorage, { SizeInGiB: !Ref EphemeralStorage }, !Ref AWS::NoValue]
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      TaskRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions:
        - Name: !Ref AWS::StackName
          Image: !Ref ImageUri
          Essential: true
          Environment:
            - Name: STACK_NAME
              Value: !Ref AWS::StackName
            - Name: AWS_REGION
              Value: !Ref AWS::Region
            - !If
              - HasBucket
              - Name: S3_BUCKET
                Value: !Ref BucketName
              - !Ref AWS::NoValue
          LogConfiguration:
            LogDriver: awslogs
            Options:
              # The reference makes the log group exist before the task definition.
              awslogs-group: !If [CreatesLogGroup, !Ref LogGroup, !Sub "/ecs/${AWS::StackName}"]
              awslogs-region: !Ref AWS::Region
              # Streams are ecs/CONTAINER/TASK_ID.
              awslogs-stream-prefix: ecs
              # The default drops lines once its buffer is full; a job rather waits than loses what it said.
              mode: blocking
      # The stack's tags reach all resources on AWS; this one is written out for emulators that leave some out.
      Tags:
        - Key: fgctl:stack
          Value: !Ref AWS::StackName

  # Schedules have no tags and no owner; their group has. It goes with the stack and takes its schedules along.
  ScheduleGroup:
    Type: AWS::Scheduler::ScheduleGroup
    Properties:
      Name: !Ref AWS::StackName

  # What EventBridge may do: start this task in this cluster.
  ScheduleRole:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub Starts the task of ${AWS::StackName} on schedule
      PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundary, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          # The source is the schedule group, never a single schedule:
          # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
          - Sid: Scheduler
            Effect: Allow
            Principal:
              Service: scheduler.amazonaws.com
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                aws:SourceAccount: !Ref AWS::AccountId
                aws:SourceArn: !GetAtt ScheduleGroup.Arn
          # Rules of EventBridge give no such source: a statement of its own.
          - Sid: Rules
            Effect: Allow
            Principal:
              Service: events.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: run-task
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              # Schedules name the family alone; ECS authorises the revision that it resolves to.
              - Effect: Allow
                Action: ecs:RunTask
                Resource:
                  - !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${AWS::StackName}
                  - !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${AWS::StackName}:*
                Condition:
                  ArnEquals:
                    ecs:cluster: !GetAtt Cluster.Arn
              - Effect: Allow
                Action: iam:PassRole
                Resource:
                  - !GetAtt ExecutionRole.Arn
                  - !GetAtt TaskRole.Arn
                Condition:
                  StringEquals:
                    iam:PassedToService: ecs-tasks.amazonaws.com
              # Tags of the task definition are handed to the task.
              - Effect: Allow
                Action: ecs:TagResource
                Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${AWS::StackName}/*
                Condition:
                  StringEquals:
                    ecs:CreateAction: RunTask
        - !If
          - HasDeadLetterQueue
          - PolicyName: dead-letter-queue
            PolicyDocument:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action: sqs:SendMessage
                  Resource: !Ref DeadLetterArn
          - !Ref AWS::NoValue

Outputs:
  ClusterName:
    Description: The cluster of the task
    Value: !Ref Cluster
  ClusterArn:
    Description: The cluster's ARN
    Value: !GetAtt Cluster.Arn
  TaskDefinitionArn:
    Description: The task definition with its revision
    Value: !Ref TaskDefinition
  TaskFamily:
    Description: The family of the task definition
    Value: !Ref AWS::StackName
  ContainerName:
    Description: The container in the task
    Value: !Ref AWS::StackName
  ImageUri:
    Description: The image that the task runs
    Value: !Ref ImageUri
  LogGroupName:
    Description: The log group of the task, created here or used as given
    Value: !If [CreatesLogGroup, !Ref LogGroup, !Sub "/ecs/${AWS::StackName}"]
  LogStreamPrefix:
    Description: Log streams are PREFIX/CONTAINER/TASK_ID
    Value: ecs
  ExecutionRoleArn:
    Description: The role by which ECS fetches the image and writes the log
    Value: !GetAtt ExecutionRole.Arn
  TaskRoleArn:
    Description: The role of the program in the container
    Value: !GetAtt TaskRole.Arn
  ScheduleGroupName:
    Description: The group of the task's schedules
    Value: !Ref ScheduleGroup
  ScheduleRoleArn:
    Description: The role by which schedules start the task
    Value: !GetAtt ScheduleRole.Arn
  BucketName:
    Description: The bucket in which the task may use the folder named as the stack
    Condition: HasBucket
    Value: !Ref BucketName

"""#),
    ]
}
