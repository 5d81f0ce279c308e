// Written by bin/embed-templates from templates/*.yaml. Change those and run it again.
// swift-format-ignore-file

/// The templates that fgctl brings along, by name.
enum EmbeddedTemplates {
    static let bodies: [(name: String, body: String)] = [
(name: "dagster-base", body: #"""
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  fgctl Dagster base: image repositories, bucket, private DNS namespace, PostgreSQL, and the security groups of both

# What must be there before the services of templates/dagster-services.yaml can start: images are pushed to its repositories
# and the config to its bucket first, since CloudFormation waits for services to be stable. Usable by hand as well:
#   aws cloudformation deploy --template-file templates/dagster-base.yaml --stack-name my-dagster-base \
#     --parameter-overrides ProjectName=my-dagster RepositoryPrefix=my-dagster VpcId=vpc-1 SubnetIds=subnet-1,subnet-2 \
#     BucketName=my-bucket

Parameters:
  ProjectName:
    Type: String
    Description: Name of the services' stack
    AllowedPattern: ^[A-Za-z][A-Za-z0-9-]{0,47}$
    ConstraintDescription: must be a letter, then letters, digits and hyphens, 48 characters at most
  RepositoryPrefix:
    Type: String
    Description: The repositories are PREFIX/webserver, PREFIX/daemon, PREFIX/usercode and PREFIX/fgctl
    AllowedPattern: ^[a-z0-9]+([._/-]+[a-z0-9]+)*$
    ConstraintDescription: must be the beginning of ECR repositories' names
  CreateWebserverRepository:
    Type: String
    Default: "true"
    Description: false uses the existing repository PREFIX/webserver as it is
    AllowedValues: ["true", "false"]
  CreateDaemonRepository:
    Type: String
    Default: "true"
    Description: false uses the existing repository PREFIX/daemon as it is
    AllowedValues: ["true", "false"]
  CreateUsercodeRepository:
    Type: String
    Default: "true"
    Description: false uses the existing repository PREFIX/usercode as it is
    AllowedValues: ["true", "false"]
  CreateFgctlRepository:
    Type: String
    Default: "true"
    Description: false uses the existing repository PREFIX/fgctl as it is, or none when the sidecar's image lies elsewhere
    AllowedValues: ["true", "false"]
  ImagesKept:
    Type: Number
    Default: 200
    Description: >-
      Tagged images that a repository keeps, the newest ones; ECR does not know which of them run, so don't be sparing
    MinValue: 10
    MaxValue: 10000
  UntaggedDays:
    Type: Number
    Default: 14
    Description: Days until an image without a tag goes
    MinValue: 1
    MaxValue: 365
  BucketName:
    Type: String
    Description: Bucket of config releases and artifacts, in the folder named as the project
    AllowedPattern: ^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$
    ConstraintDescription: must be a bucket name of 3 to 63 lower-case letters, digits, dots and hyphens
  CreateBucket:
    Type: String
    Default: "true"
    Description: false uses the bucket BucketName as it is, for example that of the network stack
    AllowedValues: ["true", "false"]
  NoncurrentDays:
    Type: Number
    Default: 90
    Description: Days that overwritten and deleted objects of the bucket can be brought back
    MinValue: 1
    MaxValue: 3650
  VpcId:
    Type: String
    Description: The VPC of tasks, database and names
    AllowedPattern: ^vpc-[0-9a-zA-Z]+$
    ConstraintDescription: must be the id of a VPC
  SubnetIds:
    Type: CommaDelimitedList
    Description: Subnets of the database, in two zones at least
  CreateNamespace:
    Type: String
    Default: "true"
    Description: false makes no private DNS names; tasks then find each other by other means
    AllowedValues: ["true", "false"]
  NamespaceName:
    Type: String
    Default: ""
    Description: Private DNS zone in which the services have their names; empty for PROJECT.internal
    AllowedPattern: ^$|^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$
    ConstraintDescription: must be a DNS name, or empty
  CreateDatabase:
    Type: String
    Default: "true"
    Description: false uses the database that DatabaseHost and the following parameters name
    AllowedValues: ["true", "false"]
  DatabaseHost:
    Type: String
    Default: ""
    Description: Host of your own PostgreSQL; empty where the stack makes one
    AllowedPattern: ^$|^[A-Za-z0-9_.:-]+$
    ConstraintDescription: must be a host name or an address
  DatabasePort:
    Type: Number
    Default: 5432
    Description: Port of PostgreSQL
    MinValue: 1
    MaxValue: 65535
  DatabaseName:
    Type: String
    Default: dagster
    Description: Name of the database
    AllowedPattern: ^[A-Za-z][A-Za-z0-9_]{0,62}$
    ConstraintDescription: must be a letter, then letters, digits and underscores, 63 characters at most
  DatabaseUser:
    Type: String
    Default: dagster
    Description: User of the database
    AllowedPattern: ^[A-Za-z][A-Za-z0-9_]{0,62}$
    ConstraintDescription: must be a letter, then letters, digits and underscores, 63 characters at most
  DatabaseSecretArn:
    Type: String
    Default: ""
    Description: Secret with the password of your own database, under the JSON key 'password'; empty where the stack makes one
    AllowedPattern: ^$|^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:\S+$
    ConstraintDescription: must be the ARN of a secret, or empty
  DatabaseInstanceClass:
    Type: String
    Default: db.t4g.micro
    Description: Instance class of the database
    AllowedPattern: ^db\.[a-z0-9]+\.[a-z0-9-]+$
    ConstraintDescription: must be an instance class of RDS, such as db.t4g.micro
  DatabaseStorage:
    Type: Number
    Default: 20
    Description: Storage of the database in GiB
    MinValue: 20
    MaxValue: 16384
  DatabaseEngineVersion:
    Type: String
    Default: "16"
    Description: Version of PostgreSQL; a major version takes its newest minor one
    AllowedPattern: ^[0-9]{2}(\.[0-9]+)?$
    ConstraintDescription: must be a version such as 16 or 16.4
  DatabaseMultiAz:
    Type: String
    Default: "false"
    Description: true keeps a second instance in another zone, at twice the price
    AllowedValues: ["true", "false"]
  DatabaseBackupDays:
    Type: Number
    Default: 7
    Description: Days of automatic backups
    MinValue: 1
    MaxValue: 35
  DatabaseDeletionProtection:
    Type: String
    Default: "true"
    Description: false lets the database be deleted with the stack, after a last snapshot
    AllowedValues: ["true", "false"]

Rules:
  OwnDatabase:
    RuleCondition: !Equals [!Ref CreateDatabase, "false"]
    Assertions:
      - Assert: !Not [!Equals [!Ref DatabaseHost, ""]]
        AssertDescription: CreateDatabase=false needs DatabaseHost
      - Assert: !Not [!Equals [!Ref DatabaseSecretArn, ""]]
        AssertDescription: CreateDatabase=false needs DatabaseSecretArn

Conditions:
  CreatesWebserverRepository: !Equals [!Ref CreateWebserverRepository, "true"]
  CreatesDaemonRepository: !Equals [!Ref CreateDaemonRepository, "true"]
  CreatesUsercodeRepository: !Equals [!Ref CreateUsercodeRepository, "true"]
  CreatesFgctlRepository: !Equals [!Ref CreateFgctlRepository, "true"]
  CreatesBucket: !Equals [!Ref CreateBucket, "true"]
  CreatesNamespace: !Equals [!Ref CreateNamespace, "true"]
  HasNamespaceName: !Not [!Equals [!Ref NamespaceName, ""]]
  CreatesDatabase: !Equals [!Ref CreateDatabase, "true"]

Resources:
  # Images outlive the stack, but not a create that failed. fgctl uses repositories that an earlier stack left as they are.
  WebserverRepository:
    Type: AWS::ECR::Repository
    Condition: CreatesWebserverRepository
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      RepositoryName: !Sub ${RepositoryPrefix}/webserver
      # A tag means one image for ever: task definitions name it, and a rollback finds what ran before.
      ImageTagMutability: IMMUTABLE
      ImageScanningConfiguration:
        ScanOnPush: true
      LifecyclePolicy:
        LifecyclePolicyText: !Sub |
          {"rules": [
            {"rulePriority": 1, "description": "images without a tag",
             "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
                           "countNumber": ${UntaggedDays}},
             "action": {"type": "expire"}},
            {"rulePriority": 2, "description": "all but the newest images",
             "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": ${ImagesKept}},
             "action": {"type": "expire"}}]}

  DaemonRepository:
    Type: AWS::ECR::Repository
    Condition: CreatesDaemonRepository
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      RepositoryName: !Sub ${RepositoryPrefix}/daemon
      ImageTagMutability: IMMUTABLE
      ImageScanningConfiguration:
        ScanOnPush: true
      LifecyclePolicy:
        LifecyclePolicyText: !Sub |
          {"rules": [
            {"rulePriority": 1, "description": "images without a tag",
             "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
                           "countNumber": ${UntaggedDays}},
             "action": {"type": "expire"}},
            {"rulePriority": 2, "description": "all but the newest images",
             "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": ${ImagesKept}},
             "action": {"type": "expire"}}]}

  UsercodeRepository:
    Type: AWS::ECR::Repository
    Condition: CreatesUsercodeRepository
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      RepositoryName: !Sub ${RepositoryPrefix}/usercode
      ImageTagMutability: IMMUTABLE
      ImageScanningConfiguration:
        ScanOnPush: true
      LifecyclePolicy:
        LifecyclePolicyText: !Sub |
          {"rules": [
            {"rulePriority": 1, "description": "images without a tag",
             "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
                           "countNumber": ${UntaggedDays}},
             "action": {"type": "expire"}},
            {"rulePriority": 2, "description": "all but the newest images",
             "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": ${ImagesKept}},
             "action": {"type": "expire"}}]}

  FgctlRepository:
    Type: AWS::ECR::Repository
    Condition: CreatesFgctlRepository
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      RepositoryName: !Sub ${RepositoryPrefix}/fgctl
      ImageTagMutability: IMMUTABLE
      ImageScanningConfiguration:
        ScanOnPush: true
      LifecyclePolicy:
        LifecyclePolicyText: !Sub |
          {"rules": [
            {"rulePriority": 1, "description": "images without a tag",
             "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
                           "countNumber": ${UntaggedDays}},
             "action": {"type": "expire"}},
            {"rulePriority": 2, "description": "all but the newest images",
             "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": ${ImagesKept}},
             "action": {"type": "expire"}}]}

  Bucket:
    Type: AWS::S3::Bucket
    Condition: CreatesBucket
    # Data outlives the stack; but a create that fails takes its new, empty bucket with it, so that it can be repeated.
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
      VersioningConfiguration:
        Status: Enabled
      LifecycleConfiguration:
        Rules:
          - Id: old-versions
            Status: Enabled
            NoncurrentVersionExpiration:
              NoncurrentDays: !Ref NoncurrentDays
            ExpiredObjectDeleteMarker: true
          - Id: broken-off-uploads
            Status: Enabled
            AbortIncompleteMultipartUpload:
              DaysAfterInitiation: 7

  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Condition: CreatesBucket
    # Stays with the retained bucket, which would otherwise lose its protection.
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      Bucket: !Ref Bucket
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

  Namespace:
    Type: AWS::ServiceDiscovery::PrivateDnsNamespace
    Condition: CreatesNamespace
    Properties:
      Name: !If [HasNamespaceName, !Ref NamespaceName, !Sub "${ProjectName}.internal"]
      Description: !Sub Where the services of ${ProjectName} have their names
      Vpc: !Ref VpcId

  # Webserver, daemon, usercode and the runs bear it. It opens nothing by itself: what others may reach names it as source.
  TaskSecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !Sub ${ProjectName} tasks, everything out and nothing in
      VpcId: !Ref VpcId
      SecurityGroupEgress:
        - IpProtocol: "-1"
          CidrIp: 0.0.0.0/0
          Description: everything out
      Tags:
        - Key: Name
          Value: !Sub ${ProjectName}-tasks

  DatabaseSecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Condition: CreatesDatabase
    Properties:
      GroupDescription: !Sub ${ProjectName} database, reached by its tasks only
      VpcId: !Ref VpcId
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: !Ref DatabasePort
          ToPort: !Ref DatabasePort
          SourceSecurityGroupId: !GetAtt TaskSecurityGroup.GroupId
          Description: tasks
      Tags:
        - Key: Name
          Value: !Sub ${ProjectName}-database

  # A password of letters and digits: RDS refuses some other characters, and no URL has to escape these. It is not rotated by
  # itself, since ECS reads secrets at a task's start only.
  DatabaseSecret:
    Type: AWS::SecretsManager::Secret
    Condition: CreatesDatabase
    # The snapshot that stays has the password in it; on restoring RDS sets another one.
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      # The end of the stack's id makes it another one than that of an earlier stack, which may still be about to go.
      Name: !Join ["-", [!Sub "${ProjectName}/database", !Select [2, !Split [/, !Ref AWS::StackId]]]]
      Description: !Sub The database of ${ProjectName}
      GenerateSecretString:
        SecretStringTemplate: !Sub '{"username": "${DatabaseUser}"}'
        GenerateStringKey: password
        PasswordLength: 40
        ExcludePunctuation: true

  DatabaseSubnets:
    Type: AWS::RDS::DBSubnetGroup
    Condition: CreatesDatabase
    Properties:
      DBSubnetGroupDescription: !Sub The database of ${ProjectName}
      SubnetIds: !Ref SubnetIds

  Database:
    Type: AWS::RDS::DBInstance
    Condition: CreatesDatabase
    DeletionPolicy: Snapshot
    UpdateReplacePolicy: Snapshot
    Properties:
      Engine: postgres
      EngineVersion: !Ref DatabaseEngineVersion
      DBInstanceClass: !Ref DatabaseInstanceClass
      AllocatedStorage: !Ref DatabaseStorage
      StorageType: gp3
      StorageEncrypted: true
      DBName: !Ref DatabaseName
      Port: !Ref DatabasePort
      MasterUsername: !Ref DatabaseUser
      MasterUserPassword: !Sub "{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}"
      DBSubnetGroupName: !Ref DatabaseSubnets
      VPCSecurityGroups: [!GetAtt DatabaseSecurityGroup.GroupId]
      PubliclyAccessible: false
      MultiAZ: !Ref DatabaseMultiAz
      BackupRetentionPeriod: !Ref DatabaseBackupDays
      CopyTagsToSnapshot: true
      AutoMinorVersionUpgrade: true
      DeletionProtection: !Ref DatabaseDeletionProtection
      # The references make it wait for what may fail, a bucket's name that is taken for one: a protected database would
      # keep a failed create from being taken back.
      Tags:
        - Key: fgctl:bucket
          Value: !If [CreatesBucket, !Ref Bucket, !Ref BucketName]
        - Key: fgctl:namespace
          Value: !If [CreatesNamespace, !Ref Namespace, none]

Outputs:
  WebserverRepositoryUri:
    Description: The repository of the webserver's images
    Value: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${RepositoryPrefix}/webserver
  DaemonRepositoryUri:
    Description: The repository of the daemon's images
    Value: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${RepositoryPrefix}/daemon
  UsercodeRepositoryUri:
    Description: The repository of the usercode's images
    Value: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${RepositoryPrefix}/usercode
  FgctlRepositoryUri:
    Description: The repository of the sidecar's image
    Value: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${RepositoryPrefix}/fgctl
  BucketName:
    Description: The bucket, created here or used as given
    Value: !If [CreatesBucket, !Ref Bucket, !Ref BucketName]
  NamespaceId:
    Description: The private DNS namespace
    Condition: CreatesNamespace
    Value: !Ref Namespace
  NamespaceName:
    Description: The private DNS zone
    Condition: CreatesNamespace
    Value: !If [HasNamespaceName, !Ref NamespaceName, !Sub "${ProjectName}.internal"]
  VpcId:
    Description: The VPC
    Value: !Ref VpcId
  TaskSecurityGroupId:
    Description: The security group of webserver, daemon, usercode and runs
    Value: !GetAtt TaskSecurityGroup.GroupId
  DatabaseHost:
    Description: The host of PostgreSQL
    Value: !If [CreatesDatabase, !GetAtt Database.Endpoint.Address, !Ref DatabaseHost]
  DatabasePort:
    Description: The port of PostgreSQL
    Value: !If [CreatesDatabase, !GetAtt Database.Endpoint.Port, !Ref DatabasePort]
  DatabaseName:
    Description: The name of the database
    Value: !Ref DatabaseName
  DatabaseUser:
    Description: The user of the database
    Value: !Ref DatabaseUser
  DatabaseSecretArn:
    Description: The secret with the password under the JSON key 'password'
    Value: !If [CreatesDatabase, !Ref DatabaseSecret, !Ref DatabaseSecretArn]

"""#),
(name: "dagster-services", body: #"""
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  fgctl Dagster services: cluster, webserver, daemon and usercode on Fargate, one batch task, roles, schedule group

# Stands on templates/dagster-base.yaml, whose outputs bear the names of the parameters here. Images and the config release
# must be there before: CloudFormation waits for services to be stable. Cluster, batch task family, its container and the
# schedule group bear the name of the stack.
#
# Each task begins with the container `config`, which fetches the config release into the volume /config and ends; the main
# container starts when that succeeded, with DAGSTER_HOME=/config/current. The release is part of the task definition, so
# that a rollback takes the config back together with the image.

Parameters:
  Registry:
    Type: String
    Description: Registry of the images
    AllowedPattern: ^[A-Za-z0-9.:\[\]-]+$
  RepositoryPrefix:
    Type: String
    Description: The images are PREFIX/webserver, PREFIX/daemon and PREFIX/usercode
    AllowedPattern: ^[a-z0-9]+([._/-]+[a-z0-9]+)*$
  WebserverVersion:
    Type: String
    Description: Tag of the webserver's image
    AllowedPattern: ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$
  DaemonVersion:
    Type: String
    Description: Tag of the daemon's image
    AllowedPattern: ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$
  UsercodeVersion:
    Type: String
    Description: Tag of the usercode's image, which runs and the batch task use as well
    AllowedPattern: ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$
  ConfigRelease:
    Type: String
    Description: Hash of the config release, as config-push prints it
    AllowedPattern: ^[0-9a-f]{64}$
  SidecarImage:
    Type: String
    Description: The image of fgctl with its registry and tag
    AllowedPattern: ^\S+[:@]\S+$
  SidecarRepositoryName:
    Type: String
    Default: ""
    Description: ECR repository of SidecarImage in this account and region; empty for an image of another registry
    AllowedPattern: ^$|^[a-z0-9]+([._/-]+[a-z0-9]+)*$
  BucketName:
    Type: String
    Description: Bucket of the config releases and artifacts, in the folder named as the stack
    AllowedPattern: ^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$
    ConstraintDescription: must be a bucket name of 3 to 63 lower-case letters, digits, dots and hyphens
  ConfigUid:
    Type: Number
    Default: 0
    Description: User id that owns the config files, for images that don't run as root
    MinValue: 0
  ConfigGid:
    Type: Number
    Default: 0
    Description: Group id that owns the config files
    MinValue: 0
  ConfigWatch:
    Type: String
    Default: "false"
    Description: >-
      true adds a container to webserver and daemon that follows the bucket's newest release, without a new deployment
    AllowedValues: ["true", "false"]
  VpcId:
    Type: String
    Description: The VPC of the tasks
    AllowedPattern: ^vpc-[0-9a-zA-Z]+$
  SubnetIds:
    Type: CommaDelimitedList
    Description: Subnets of tasks and load balancer; the load balancer wants two zones
  TaskSecurityGroupId:
    Type: String
    Description: Security group of all tasks, which the database lets in
    AllowedPattern: ^sg-[0-9a-zA-Z]+$
  AssignPublicIp:
    Type: String
    Default: ENABLED
    Description: Tasks in public subnets without a NAT gateway need an address to fetch anything; nothing gets in by it
    AllowedValues: [ENABLED, DISABLED]
  NamespaceId:
    Type: String
    Default: ""
    Description: Private DNS namespace of the services' names; empty for no names
    AllowedPattern: ^$|^ns-[0-9a-zA-Z]+$
  NamespaceName:
    Type: String
    Default: ""
    Description: The private DNS zone of NamespaceId
  UsercodeHost:
    Type: String
    Default: ""
    Description: Where webserver and daemon reach the usercode; empty for usercode.NAMESPACE
  DatabaseHost:
    Type: String
    Description: Host of PostgreSQL
    AllowedPattern: ^[A-Za-z0-9_.:-]+$
  DatabasePort:
    Type: Number
    Default: 5432
    Description: Port of PostgreSQL
    MinValue: 1
    MaxValue: 65535
  DatabaseName:
    Type: String
    Default: dagster
    Description: Name of the database
  DatabaseUser:
    Type: String
    Default: dagster
    Description: User of the database
  DatabaseSecretArn:
    Type: String
    Description: Secret with the password under the JSON key 'password'
    AllowedPattern: ^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:\S+$
  DatabaseSecretKeyArn:
    Type: String
    Default: ""
    Description: KMS key of the secret, where it is not the account's own aws/secretsmanager
    AllowedPattern: ^$|^arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/\S+$
  WebserverCommand:
    Type: String
    Default: dagster-webserver,-h,0.0.0.0,-p,3000,-w,/config/current/workspace.yaml
    Description: Command of the webserver, its words parted by commas; empty for the image's own
  DaemonCommand:
    Type: String
    Default: dagster-daemon,run,-w,/config/current/workspace.yaml
    Description: Command of the daemon, its words parted by commas; empty for the image's own
  UsercodeCommand:
    Type: String
    Default: dagster,code-server,start,-h,0.0.0.0,-p,4000,-f,defs.py
    Description: Command of the usercode, its words parted by commas; empty for the image's own
  BatchCommand:
    Type: String
    Default: ""
    Description: Command of the batch task, its words parted by commas; empty for the image's own
  WebserverHealthCheck:
    Type: String
    Default: python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:3000/server_info', timeout=5)"
    Description: Shell command that says whether the webserver is well; empty for none
  DaemonHealthCheck:
    Type: String
    Default: dagster-daemon liveness-check
    Description: Shell command that says whether the daemon is well; empty for none
  UsercodeHealthCheck:
    Type: String
    Default: dagster api grpc-health-check -p 4000
    Description: Shell command that says whether the usercode is well; empty for none
  WebserverCpu:
    Type: String
    Default: "512"
    Description: CPU units of the webserver; 1024 are one vCPU
    AllowedValues: ["256", "512", "1024", "2048", "4096", "8192", "16384"]
  WebserverMemory:
    Type: String
    Default: "1024"
    Description: Memory of the webserver in MiB; which sizes are possible depends on WebserverCpu
    AllowedPattern: ^[1-9][0-9]{2,5}$
  DaemonCpu:
    Type: String
    Default: "512"
    Description: CPU units of the daemon; 1024 are one vCPU
    AllowedValues: ["256", "512", "1024", "2048", "4096", "8192", "16384"]
  DaemonMemory:
    Type: String
    Default: "1024"
    Description: Memory of the daemon in MiB; which sizes are possible depends on DaemonCpu
    AllowedPattern: ^[1-9][0-9]{2,5}$
  UsercodeCpu:
    Type: String
    Default: "512"
    Description: CPU units of the usercode; 1024 are one vCPU
    AllowedValues: ["256", "512", "1024", "2048", "4096", "8192", "16384"]
  UsercodeMemory:
    Type: String
    Default: "1024"
    Description: Memory of the usercode in MiB; which sizes are possible depends on UsercodeCpu
    AllowedPattern: ^[1-9][0-9]{2,5}$
  Cpu:
    Type: String
    Default: "256"
    Description: CPU units of the batch task; 1024 are one vCPU
    AllowedValues: ["256", "512", "1024", "2048", "4096", "8192", "16384"]
  Memory:
    Type: String
    Default: "512"
    Description: Memory of the batch task in MiB; which sizes are possible depends on Cpu
    AllowedPattern: ^[1-9][0-9]{2,5}$
  Architecture:
    Type: String
    Default: X86_64
    Description: CPU architecture that the images were built for
    AllowedValues: [X86_64, ARM64]
  RunFamilyPrefix:
    Type: String
    Default: run
    Description: What the task families of EcsRunLauncher begin with (task_definition_prefix); another one for each Dagster
    AllowedPattern: ^[A-Za-z0-9][A-Za-z0-9-]{0,15}$
    ConstraintDescription: must be 1 to 16 letters, digits and hyphens
  LoadBalancer:
    Type: String
    Default: "true"
    Description: An internal load balancer on port 3000 before the webserver, billed by the hour
    AllowedValues: ["true", "false"]
  WebserverCidr:
    Type: String
    Default: 10.0.0.0/8
    Description: From where the webserver may be opened
    AllowedPattern: ^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$
  HealthCheckPath:
    Type: String
    Default: /server_info
    Description: What the load balancer asks the webserver for
    AllowedPattern: ^/\S*$
  LogRetentionDays:
    Type: Number
    Default: 365
    Description: Days that log events are kept
    AllowedValues:
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
  CreateLogGroup:
    Type: String
    Default: "true"
    Description: false uses the existing log group /ecs/STACK as it is
    AllowedValues: ["true", "false"]
  CreateWebserverLogGroup:
    Type: String
    Default: "true"
    Description: false uses the existing log group /ecs/STACK/webserver as it is
    AllowedValues: ["true", "false"]
  CreateDaemonLogGroup:
    Type: String
    Default: "true"
    Description: false uses the existing log group /ecs/STACK/daemon as it is
    AllowedValues: ["true", "false"]
  CreateUsercodeLogGroup:
    Type: String
    Default: "true"
    Description: false uses the existing log group /ecs/STACK/usercode as it is
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
  HasDeadLetterQueue: !Not [!Equals [!Ref DeadLetterArn, ""]]
  HasSidecarRepository: !Not [!Equals [!Ref SidecarRepositoryName, ""]]
  HasSecretKey: !Not [!Equals [!Ref DatabaseSecretKeyArn, ""]]
  WatchesConfig: !Equals [!Ref ConfigWatch, "true"]
  HasNamespace: !Not [!Equals [!Ref NamespaceId, ""]]
  HasUsercodeHost: !Not [!Equals [!Ref UsercodeHost, ""]]
  HasLoadBalancer: !Equals [!Ref LoadBalancer, "true"]
  HasWebserverCommand: !Not [!Equals [!Ref WebserverCommand, ""]]
  HasDaemonCommand: !Not [!Equals [!Ref DaemonCommand, ""]]
  HasUsercodeCommand: !Not [!Equals [!Ref UsercodeCommand, ""]]
  HasBatchCommand: !Not [!Equals [!Ref BatchCommand, ""]]
  HasWebserverHealthCheck: !Not [!Equals [!Ref WebserverHealthCheck, ""]]
  HasDaemonHealthCheck: !Not [!Equals [!Ref DaemonHealthCheck, ""]]
  HasUsercodeHealthCheck: !Not [!Equals [!Ref UsercodeHealthCheck, ""]]
  CreatesLogGroup: !Equals [!Ref CreateLogGroup, "true"]
  CreatesWebserverLogGroup: !Equals [!Ref CreateWebserverLogGroup, "true"]
  CreatesDaemonLogGroup: !Equals [!Ref CreateDaemonLogGroup, "true"]
  CreatesUsercodeLogGroup: !Equals [!Ref CreateUsercodeLogGroup, "true"]

Resources:
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      ClusterName: !Ref AWS::StackName
      ClusterSettings:
        - Name: containerInsights
          Value: !Ref ContainerInsights

  # Logs outlive the stack, but not a create that failed; cf-delete-stack takes them along unless told otherwise.
  LogGroup:
    Type: AWS::Logs::LogGroup
    Condition: CreatesLogGroup
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      LogGroupName: !Sub /ecs/${AWS::StackName}
      RetentionInDays: !Ref LogRetentionDays

  WebserverLogGroup:
    Type: AWS::Logs::LogGroup
    Condition: CreatesWebserverLogGroup
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      LogGroupName: !Sub /ecs/${AWS::StackName}/webserver
      RetentionInDays: !Ref LogRetentionDays

  DaemonLogGroup:
    Type: AWS::Logs::LogGroup
    Condition: CreatesDaemonLogGroup
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      LogGroupName: !Sub /ecs/${AWS::StackName}/daemon
      RetentionInDays: !Ref LogRetentionDays

  UsercodeLogGroup:
    Type: AWS::Logs::LogGroup
    Condition: CreatesUsercodeLogGroup
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Properties:
      LogGroupName: !Sub /ecs/${AWS::StackName}/usercode
      RetentionInDays: !Ref LogRetentionDays

  # What ECS itself may do for the tasks: fetch the images, write the logs, read the database's password. Runs have it too, and
  # with it the rights to what all containers of this stack need to start.
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub Fetches the images, the password and writes the logs of ${AWS::StackName}
      PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundary, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
            Condition:
              StringEquals: { aws:SourceAccount: !Ref AWS::AccountId }
              ArnLike: { aws:SourceArn: !Sub "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*" }
      Policies:
        - PolicyName: start
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource:
                  - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${AWS::StackName}:*
                  - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${AWS::StackName}/*
              - Effect: Allow
                # Knows no resources: the token is the account's.
                Action: ecr:GetAuthorizationToken
                Resource: "*"
              - Effect: Allow
                Action:
                  - ecr:BatchCheckLayerAvailability
                  - ecr:BatchGetImage
                  - ecr:GetDownloadUrlForLayer
                Resource:
                  - !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${RepositoryPrefix}/webserver
                  - !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${RepositoryPrefix}/daemon
                  - !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${RepositoryPrefix}/usercode
                  - !If
                    - HasSidecarRepository
                    - !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${SidecarRepositoryName}
                    - !Ref AWS::NoValue
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: !Ref DatabaseSecretArn
              - !If
                - HasSecretKey
                - Effect: Allow
                  Action: kms:Decrypt
                  Resource: !Ref DatabaseSecretKeyArn
                - !Ref AWS::NoValue

  # What the user's code may do: usercode, runs and the batch task. Config is read and never written by what it configures.
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub What usercode, runs and batch task of ${AWS::StackName} may do
      PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundary, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
            Condition:
              StringEquals: { aws:SourceAccount: !Ref AWS::AccountId }
              ArnLike: { aws:SourceArn: !Sub "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*" }
      Policies:
        - PolicyName: work
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
              - Effect: Allow
                Action:
                  - s3:GetObject
                  - s3:PutObject
                  - s3:DeleteObject
                  - s3:AbortMultipartUpload
                Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}/${AWS::StackName}/*
              - Effect: Deny
                Action: [s3:PutObject, s3:DeleteObject]
                Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}/${AWS::StackName}/config/*
              - Effect: Allow
                Action: s3:ListBucket
                Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}
                Condition: { StringLike: { "s3:prefix": !Sub "${AWS::StackName}/*" } }

  # What webserver and daemon may do: what EcsRunLauncher calls, for this cluster and its own task families, and no data.
  LauncherRole:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub Lets webserver and daemon of ${AWS::StackName} start and stop runs
      PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundary, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
            Condition:
              StringEquals: { aws:SourceAccount: !Ref AWS::AccountId }
              ArnLike: { aws:SourceArn: !Sub "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*" }
      Policies:
        - PolicyName: launch
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}/${AWS::StackName}/config/*
              # A missing object is told from a forbidden one.
              - Effect: Allow
                Action: s3:ListBucket
                Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}
                Condition: { StringLike: { "s3:prefix": !Sub "${AWS::StackName}/config/*" } }
              - Effect: Allow
                # Knows no resources.
                Action: ecs:DescribeTaskDefinition
                Resource: "*"
              - Effect: Allow
                Action: ecs:RegisterTaskDefinition
                Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${RunFamilyPrefix}_*
              - Effect: Allow
                Action: ecs:RunTask
                Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${RunFamilyPrefix}_*
                Condition: { ArnEquals: { "ecs:cluster": !GetAtt Cluster.Arn } }
              - Effect: Allow
                Action: [ecs:DescribeTasks, ecs:StopTask]
                Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${AWS::StackName}/*
              # Runs bear their id and job as tags.
              - Effect: Allow
                Action: ecs:TagResource
                Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${AWS::StackName}/*
                Condition: { StringEquals: { "ecs:CreateAction": RunTask } }
              - Effect: Allow
                Action: iam:PassRole
                Resource:
                  - !GetAtt ExecutionRole.Arn
                  - !GetAtt TaskRole.Arn
                Condition: { StringEquals: { "iam:PassedToService": ecs-tasks.amazonaws.com } }
              # Runs go into the security groups of the daemon, which are read off its network interface.
              - Effect: Allow
                # Knows no resources.
                Action: ec2:DescribeNetworkInterfaces
                Resource: "*"
              # Last lines of a run that failed; runs log where the daemon or the webserver that started them logs.
              - Effect: Allow
                Action: logs:GetLogEvents
                Resource:
                  - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${AWS::StackName}/webserver:*
                  - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${AWS::StackName}/daemon:*

  # Opened for the load balancer, or without one for those who may open the webserver.
  WebserverSecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !Sub ${AWS::StackName} webserver, port 3000
      VpcId: !Ref VpcId
      SecurityGroupIngress:
        - !If
          - HasLoadBalancer
          - { IpProtocol: tcp, FromPort: 3000, ToPort: 3000, SourceSecurityGroupId: !GetAtt LoadBalancerSecurityGroup.GroupId, Description: "load balancer" }
          - { IpProtocol: tcp, FromPort: 3000, ToPort: 3000, CidrIp: !Ref WebserverCidr, Description: "users" }
      Tags: [{ Key: Name, Value: !Sub "${AWS::StackName}-webserver" }]

  UsercodeSecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !Sub ${AWS::StackName} usercode, port 4000 for its own tasks
      VpcId: !Ref VpcId
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 4000, ToPort: 4000, SourceSecurityGroupId: !Ref TaskSecurityGroupId, Description: "webserver, daemon and runs" }
      Tags: [{ Key: Name, Value: !Sub "${AWS::StackName}-usercode" }]

  LoadBalancerSecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Condition: HasLoadBalancer
    Properties:
      GroupDescription: !Sub ${AWS::StackName} load balancer, port 3000
      VpcId: !Ref VpcId
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 3000, ToPort: 3000, CidrIp: !Ref WebserverCidr, Description: "users" }
      Tags: [{ Key: Name, Value: !Sub "${AWS::StackName}-load-balancer" }]

  InternalLoadBalancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Condition: HasLoadBalancer
    Properties:
      Scheme: internal
      Type: application
      Subnets: !Ref SubnetIds
      SecurityGroups: [!GetAtt LoadBalancerSecurityGroup.GroupId]
      LoadBalancerAttributes:
        - Key: routing.http.drop_invalid_header_fields.enabled
          Value: "true"

  TargetGroup:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Condition: HasLoadBalancer
    Properties:
      VpcId: !Ref VpcId
      TargetType: ip
      Protocol: HTTP
      Port: 3000
      HealthCheckPath: !Ref HealthCheckPath
      HealthCheckIntervalSeconds: 15
      HealthCheckTimeoutSeconds: 10
      HealthyThresholdCount: 2
      UnhealthyThresholdCount: 4
      TargetGroupAttributes:
        - Key: deregistration_delay.timeout_seconds
          Value: "30"

  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Condition: HasLoadBalancer
    Properties:
      LoadBalancerArn: !Ref InternalLoadBalancer
      Protocol: HTTP
      Port: 3000
      DefaultActions:
        - Type: forward
          TargetGroupArn: !Ref TargetGroup

  WebserverDiscovery:
    Type: AWS::ServiceDiscovery::Service
    Condition: HasNamespace
    Properties:
      Name: webserver
      NamespaceId: !Ref NamespaceId
      DnsConfig:
        DnsRecords:
          - Type: A
            TTL: 10
      HealthCheckCustomConfig:
        FailureThreshold: 1

  DaemonDiscovery:
    Type: AWS::ServiceDiscovery::Service
    Condition: HasNamespace
    Properties:
      Name: daemon
      NamespaceId: !Ref NamespaceId
      DnsConfig:
        DnsRecords:
          - Type: A
            TTL: 10
      HealthCheckCustomConfig:
        FailureThreshold: 1

  UsercodeDiscovery:
    Type: AWS::ServiceDiscovery::Service
    Condition: HasNamespace
    Properties:
      Name: usercode
      NamespaceId: !Ref NamespaceId
      DnsConfig:
        DnsRecords:
          - Type: A
            TTL: 10
      HealthCheckCustomConfig:
        FailureThreshold: 1

  WebserverTaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub ${AWS::StackName}-webserver
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: !Ref WebserverCpu
      Memory: !Ref WebserverMemory
      RuntimePlatform: { OperatingSystemFamily: LINUX, CpuArchitecture: !Ref Architecture }
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      TaskRoleArn: !GetAtt LauncherRole.Arn
      Volumes: [{ Name: config }]
      ContainerDefinitions:
        - Name: webserver
          Image: !Sub ${Registry}/${RepositoryPrefix}/webserver:${WebserverVersion}
          Essential: true
          DependsOn: [{ ContainerName: config, Condition: SUCCESS }]
          Command: !If [HasWebserverCommand, !Split [",", !Ref WebserverCommand], !Ref AWS::NoValue]
          PortMappings: [{ ContainerPort: 3000, Protocol: tcp }]
          Environment:
            - { Name: STACK_NAME, Value: !Ref AWS::StackName }
            - { Name: AWS_REGION, Value: !Ref AWS::Region }
            - { Name: S3_BUCKET, Value: !Ref BucketName }
            - { Name: DAGSTER_HOME, Value: /config/current }
            - { Name: CONFIG_RELEASE, Value: !Ref ConfigRelease }
            - { Name: DAGSTER_POSTGRES_HOSTNAME, Value: !Ref DatabaseHost }
            - { Name: DAGSTER_POSTGRES_PORT, Value: !Ref DatabasePort }
            - { Name: DAGSTER_POSTGRES_DB, Value: !Ref DatabaseName }
            - { Name: DAGSTER_POSTGRES_USER, Value: !Ref DatabaseUser }
            - { Name: DAGSTER_USERCODE_HOST, Value: !If [HasUsercodeHost, !Ref UsercodeHost, !Sub "usercode.${NamespaceName}"] }
            - { Name: DAGSTER_USERCODE_PORT, Value: "4000" }
            - { Name: DAGSTER_RUN_FAMILY_PREFIX, Value: !Ref RunFamilyPrefix }
            - { Name: S3_BUCKET_NAME, Value: !Ref BucketName }
          Secrets:
            - { Name: DAGSTER_POSTGRES_PASSWORD, ValueFrom: !Sub "${DatabaseSecretArn}:password::" }
          MountPoints:
            - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
          HealthCheck: !If
            - HasWebserverHealthCheck
            - { Command: [CMD-SHELL, !Ref WebserverHealthCheck], Interval: 30, Timeout: 10, Retries: 3, StartPeriod: 60 }
            - !Ref AWS::NoValue
          LogConfiguration:
            LogDriver: awslogs
            Options:
              # The reference makes the log group exist before the task definition.
              awslogs-group: !If [CreatesWebserverLogGroup, !Ref WebserverLogGroup, !Sub "/ecs/${AWS::StackName}/webserver"]
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
              mode: non-blocking
        - Name: config
          Image: !Ref SidecarImage
          # A container that ends can't be an essential one.
          Essential: false
          Command: !Split
            - " "
            - !Sub "fgctl config-pull /config --release ${ConfigRelease} --timeout 100s --uid ${ConfigUid} --gid ${ConfigGid}"
          # How long ECS lets the others wait for it; its own deadline is shorter, so that it says what was wrong.
          StartTimeout: 120
          Environment:
            - { Name: STACK_NAME, Value: !Ref AWS::StackName }
            - { Name: S3_BUCKET, Value: !Ref BucketName }
            - { Name: AWS_REGION, Value: !Ref AWS::Region }
          MountPoints:
            - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !If [CreatesWebserverLogGroup, !Ref WebserverLogGroup, !Sub "/ecs/${AWS::StackName}/webserver"]
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
              mode: non-blocking
        - !If
          - WatchesConfig
          - Name: config-watch
            Image: !Ref SidecarImage
            Essential: false
            DependsOn: [{ ContainerName: config, Condition: SUCCESS }]
            Command: !Split [" ", !Sub "fgctl config-pull /config --watch --uid ${ConfigUid} --gid ${ConfigGid}"]
            Environment:
              - { Name: STACK_NAME, Value: !Ref AWS::StackName }
              - { Name: S3_BUCKET, Value: !Ref BucketName }
              - { Name: AWS_REGION, Value: !Ref AWS::Region }
            MountPoints:
              - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
            LogConfiguration:
              LogDriver: awslogs
              Options:
                awslogs-group: !If [CreatesWebserverLogGroup, !Ref WebserverLogGroup, !Sub "/ecs/${AWS::StackName}/webserver"]
                awslogs-region: !Ref AWS::Region
                awslogs-stream-prefix: ecs
                mode: non-blocking
          - !Ref AWS::NoValue

  WebserverService:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: !Sub ${AWS::StackName}-webserver
      Cluster: !Ref Cluster
      TaskDefinition: !Ref WebserverTaskDefinition
      LaunchType: FARGATE
      DesiredCount: 1
      DeploymentConfiguration:
        MinimumHealthyPercent: 100
        MaximumPercent: 200
        DeploymentCircuitBreaker: { Enable: true, Rollback: true }
      EnableECSManagedTags: true
      PropagateTags: SERVICE
      NetworkConfiguration:
        AwsvpcConfiguration:
          Subnets: !Ref SubnetIds
          SecurityGroups: [!Ref TaskSecurityGroupId, !GetAtt WebserverSecurityGroup.GroupId]
          AssignPublicIp: !Ref AssignPublicIp
      ServiceRegistries: !If
        - HasNamespace
        - - RegistryArn: !GetAtt WebserverDiscovery.Arn
        - !Ref AWS::NoValue
      LoadBalancers: !If
        - HasLoadBalancer
        - - ContainerName: webserver
            ContainerPort: 3000
            TargetGroupArn: !Ref TargetGroup
        - !Ref AWS::NoValue
      HealthCheckGracePeriodSeconds: !If [HasLoadBalancer, 120, !Ref AWS::NoValue]
      Tags:
        - { Key: fgctl:stack, Value: !Ref AWS::StackName }
        # Waits for the listener: ECS takes a target group only once a load balancer uses it.
        - !If
          - HasLoadBalancer
          - Key: fgctl:listener
            Value: !Ref Listener
          - !Ref AWS::NoValue

  DaemonTaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub ${AWS::StackName}-daemon
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: !Ref DaemonCpu
      Memory: !Ref DaemonMemory
      RuntimePlatform: { OperatingSystemFamily: LINUX, CpuArchitecture: !Ref Architecture }
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      TaskRoleArn: !GetAtt LauncherRole.Arn
      Volumes: [{ Name: config }]
      ContainerDefinitions:
        - Name: daemon
          Image: !Sub ${Registry}/${RepositoryPrefix}/daemon:${DaemonVersion}
          Essential: true
          DependsOn: [{ ContainerName: config, Condition: SUCCESS }]
          Command: !If [HasDaemonCommand, !Split [",", !Ref DaemonCommand], !Ref AWS::NoValue]
          Environment:
            - { Name: STACK_NAME, Value: !Ref AWS::StackName }
            - { Name: AWS_REGION, Value: !Ref AWS::Region }
            - { Name: S3_BUCKET, Value: !Ref BucketName }
            - { Name: DAGSTER_HOME, Value: /config/current }
            - { Name: CONFIG_RELEASE, Value: !Ref ConfigRelease }
            - { Name: DAGSTER_POSTGRES_HOSTNAME, Value: !Ref DatabaseHost }
            - { Name: DAGSTER_POSTGRES_PORT, Value: !Ref DatabasePort }
            - { Name: DAGSTER_POSTGRES_DB, Value: !Ref DatabaseName }
            - { Name: DAGSTER_POSTGRES_USER, Value: !Ref DatabaseUser }
            - { Name: DAGSTER_USERCODE_HOST, Value: !If [HasUsercodeHost, !Ref UsercodeHost, !Sub "usercode.${NamespaceName}"] }
            - { Name: DAGSTER_USERCODE_PORT, Value: "4000" }
            - { Name: DAGSTER_RUN_FAMILY_PREFIX, Value: !Ref RunFamilyPrefix }
            - { Name: S3_BUCKET_NAME, Value: !Ref BucketName }
          Secrets:
            - { Name: DAGSTER_POSTGRES_PASSWORD, ValueFrom: !Sub "${DatabaseSecretArn}:password::" }
          MountPoints:
            - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
          HealthCheck: !If
            - HasDaemonHealthCheck
            - { Command: [CMD-SHELL, !Ref DaemonHealthCheck], Interval: 60, Timeout: 30, Retries: 3, StartPeriod: 120 }
            - !Ref AWS::NoValue
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !If [CreatesDaemonLogGroup, !Ref DaemonLogGroup, !Sub "/ecs/${AWS::StackName}/daemon"]
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
              mode: non-blocking
        - Name: config
          Image: !Ref SidecarImage
          # A container that ends can't be an essential one.
          Essential: false
          Command: !Split
            - " "
            - !Sub "fgctl config-pull /config --release ${ConfigRelease} --timeout 100s --uid ${ConfigUid} --gid ${ConfigGid}"
          # How long ECS lets the others wait for it; its own deadline is shorter, so that it says what was wrong.
          StartTimeout: 120
          Environment:
            - { Name: STACK_NAME, Value: !Ref AWS::StackName }
            - { Name: S3_BUCKET, Value: !Ref BucketName }
            - { Name: AWS_REGION, Value: !Ref AWS::Region }
          MountPoints:
            - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !If [CreatesDaemonLogGroup, !Ref DaemonLogGroup, !Sub "/ecs/${AWS::StackName}/daemon"]
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
              mode: non-blocking
        - !If
          - WatchesConfig
          - Name: config-watch
            Image: !Ref SidecarImage
            Essential: false
            DependsOn: [{ ContainerName: config, Condition: SUCCESS }]
            Command: !Split [" ", !Sub "fgctl config-pull /config --watch --uid ${ConfigUid} --gid ${ConfigGid}"]
            Environment:
              - { Name: STACK_NAME, Value: !Ref AWS::StackName }
              - { Name: S3_BUCKET, Value: !Ref BucketName }
              - { Name: AWS_REGION, Value: !Ref AWS::Region }
            MountPoints:
              - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
            LogConfiguration:
              LogDriver: awslogs
              Options:
                awslogs-group: !If [CreatesDaemonLogGroup, !Ref DaemonLogGroup, !Sub "/ecs/${AWS::StackName}/daemon"]
                awslogs-region: !Ref AWS::Region
                awslogs-stream-prefix: ecs
                mode: non-blocking
          - !Ref AWS::NoValue

  DaemonService:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: !Sub ${AWS::StackName}-daemon
      Cluster: !Ref Cluster
      TaskDefinition: !Ref DaemonTaskDefinition
      LaunchType: FARGATE
      DesiredCount: 1
      # Never two at once: the old one ends before the new one starts, and ECS moves none between zones by starting another.
      AvailabilityZoneRebalancing: DISABLED
      DeploymentConfiguration:
        MinimumHealthyPercent: 0
        MaximumPercent: 100
        DeploymentCircuitBreaker: { Enable: true, Rollback: true }
      EnableECSManagedTags: true
      PropagateTags: SERVICE
      NetworkConfiguration:
        AwsvpcConfiguration:
          Subnets: !Ref SubnetIds
          SecurityGroups: [!Ref TaskSecurityGroupId]
          AssignPublicIp: !Ref AssignPublicIp
      ServiceRegistries: !If
        - HasNamespace
        - - RegistryArn: !GetAtt DaemonDiscovery.Arn
        - !Ref AWS::NoValue
      Tags:
        - { Key: fgctl:stack, Value: !Ref AWS::StackName }

  UsercodeTaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub ${AWS::StackName}-usercode
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: !Ref UsercodeCpu
      Memory: !Ref UsercodeMemory
      RuntimePlatform: { OperatingSystemFamily: LINUX, CpuArchitecture: !Ref Architecture }
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      TaskRoleArn: !GetAtt TaskRole.Arn
      Volumes: [{ Name: config }]
      ContainerDefinitions:
        - Name: usercode
          Image: !Sub ${Registry}/${RepositoryPrefix}/usercode:${UsercodeVersion}
          Essential: true
          DependsOn: [{ ContainerName: config, Condition: SUCCESS }]
          Command: !If [HasUsercodeCommand, !Split [",", !Ref UsercodeCommand], !Ref AWS::NoValue]
          PortMappings: [{ ContainerPort: 4000, Protocol: tcp }]
          Environment:
            - { Name: STACK_NAME, Value: !Ref AWS::StackName }
            - { Name: AWS_REGION, Value: !Ref AWS::Region }
            - { Name: S3_BUCKET, Value: !Ref BucketName }
            - { Name: DAGSTER_HOME, Value: /config/current }
            - { Name: CONFIG_RELEASE, Value: !Ref ConfigRelease }
            - { Name: DAGSTER_POSTGRES_HOSTNAME, Value: !Ref DatabaseHost }
            - { Name: DAGSTER_POSTGRES_PORT, Value: !Ref DatabasePort }
            - { Name: DAGSTER_POSTGRES_DB, Value: !Ref DatabaseName }
            - { Name: DAGSTER_POSTGRES_USER, Value: !Ref DatabaseUser }
            - { Name: DAGSTER_S3_BUCKET, Value: !Ref BucketName }
            - { Name: DAGSTER_CURRENT_IMAGE, Value: !Sub "${Registry}/${RepositoryPrefix}/usercode:${UsercodeVersion}" }
            # Runs have the rights of the user's code, not those of the daemon that launches them.
            - Name: DAGSTER_CONTAINER_CONTEXT
              Value: !Sub '{"ecs": {"task_role_arn": "${TaskRole.Arn}", "execution_role_arn": "${ExecutionRole.Arn}"}}'
          Secrets:
            - { Name: DAGSTER_POSTGRES_PASSWORD, ValueFrom: !Sub "${DatabaseSecretArn}:password::" }
          MountPoints:
            - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
          HealthCheck: !If
            - HasUsercodeHealthCheck
            - { Command: [CMD-SHELL, !Ref UsercodeHealthCheck], Interval: 30, Timeout: 10, Retries: 3, StartPeriod: 60 }
            - !Ref AWS::NoValue
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !If [CreatesUsercodeLogGroup, !Ref UsercodeLogGroup, !Sub "/ecs/${AWS::StackName}/usercode"]
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
              mode: non-blocking
        - Name: config
          Image: !Ref SidecarImage
          # A container that ends can't be an essential one.
          Essential: false
          Command: !Split
            - " "
            - !Sub "fgctl config-pull /config --release ${ConfigRelease} --timeout 100s --uid ${ConfigUid} --gid ${ConfigGid}"
          # How long ECS lets the others wait for it; its own deadline is shorter, so that it says what was wrong.
          StartTimeout: 120
          Environment:
            - { Name: STACK_NAME, Value: !Ref AWS::StackName }
            - { Name: S3_BUCKET, Value: !Ref BucketName }
            - { Name: AWS_REGION, Value: !Ref AWS::Region }
          MountPoints:
            - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !If [CreatesUsercodeLogGroup, !Ref UsercodeLogGroup, !Sub "/ecs/${AWS::StackName}/usercode"]
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
              mode: non-blocking

  UsercodeService:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: !Sub ${AWS::StackName}-usercode
      Cluster: !Ref Cluster
      TaskDefinition: !Ref UsercodeTaskDefinition
      LaunchType: FARGATE
      DesiredCount: 1
      DeploymentConfiguration:
        MinimumHealthyPercent: 100
        MaximumPercent: 200
        DeploymentCircuitBreaker: { Enable: true, Rollback: true }
      EnableECSManagedTags: true
      PropagateTags: SERVICE
      NetworkConfiguration:
        AwsvpcConfiguration:
          Subnets: !Ref SubnetIds
          SecurityGroups: [!Ref TaskSecurityGroupId, !GetAtt UsercodeSecurityGroup.GroupId]
          AssignPublicIp: !Ref AssignPublicIp
      ServiceRegistries: !If
        - HasNamespace
        - - RegistryArn: !GetAtt UsercodeDiscovery.Arn
        - !Ref AWS::NoValue
      Tags:
        - { Key: fgctl:stack, Value: !Ref AWS::StackName }

  # For ecs-run-task and schedules: the usercode's image with its config, once and to its end.
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Ref AWS::StackName
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: !Ref Cpu
      Memory: !Ref Memory
      RuntimePlatform: { OperatingSystemFamily: LINUX, CpuArchitecture: !Ref Architecture }
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      TaskRoleArn: !GetAtt TaskRole.Arn
      Volumes: [{ Name: config }]
      ContainerDefinitions:
        - Name: !Ref AWS::StackName
          Image: !Sub ${Registry}/${RepositoryPrefix}/usercode:${UsercodeVersion}
          Essential: true
          DependsOn: [{ ContainerName: config, Condition: SUCCESS }]
          Command: !If [HasBatchCommand, !Split [",", !Ref BatchCommand], !Ref AWS::NoValue]
          Environment:
            - { Name: STACK_NAME, Value: !Ref AWS::StackName }
            - { Name: AWS_REGION, Value: !Ref AWS::Region }
            - { Name: S3_BUCKET, Value: !Ref BucketName }
            - { Name: DAGSTER_HOME, Value: /config/current }
            - { Name: CONFIG_RELEASE, Value: !Ref ConfigRelease }
            - { Name: DAGSTER_POSTGRES_HOSTNAME, Value: !Ref DatabaseHost }
            - { Name: DAGSTER_POSTGRES_PORT, Value: !Ref DatabasePort }
            - { Name: DAGSTER_POSTGRES_DB, Value: !Ref DatabaseName }
            - { Name: DAGSTER_POSTGRES_USER, Value: !Ref DatabaseUser }
            - { Name: DAGSTER_S3_BUCKET, Value: !Ref BucketName }
            - { Name: DAGSTER_CURRENT_IMAGE, Value: !Sub "${Registry}/${RepositoryPrefix}/usercode:${UsercodeVersion}" }
          Secrets:
            - { Name: DAGSTER_POSTGRES_PASSWORD, ValueFrom: !Sub "${DatabaseSecretArn}:password::" }
          MountPoints:
            - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !If [CreatesLogGroup, !Ref LogGroup, !Sub "/ecs/${AWS::StackName}"]
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
              # The default drops lines once its buffer is full; a job rather waits than loses what it said.
              mode: blocking
        - Name: config
          Image: !Ref SidecarImage
          # A container that ends can't be an essential one.
          Essential: false
          Command: !Split
            - " "
            - !Sub "fgctl config-pull /config --release ${ConfigRelease} --timeout 100s --uid ${ConfigUid} --gid ${ConfigGid}"
          # How long ECS lets the others wait for it; its own deadline is shorter, so that it says what was wrong.
          StartTimeout: 120
          Environment:
            - { Name: STACK_NAME, Value: !Ref AWS::StackName }
            - { Name: S3_BUCKET, Value: !Ref BucketName }
            - { Name: AWS_REGION, Value: !Ref AWS::Region }
          MountPoints:
            - { SourceVolume: config, ContainerPath: /config, ReadOnly: false }
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: !If [CreatesLogGroup, !Ref LogGroup, !Sub "/ecs/${AWS::StackName}"]
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: ecs
              mode: blocking
      # The stack's tags reach all resources on AWS; this one is written out for emulators that leave some out.
      Tags: [{ Key: fgctl:stack, Value: !Ref AWS::StackName }]

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
    Description: The cluster of services, runs and batch task
    Value: !Ref Cluster
  ClusterArn:
    Description: The cluster's ARN
    Value: !GetAtt Cluster.Arn
  WebserverService:
    Description: The webserver's service
    Value: !GetAtt WebserverService.Name
  DaemonService:
    Description: The daemon's service
    Value: !GetAtt DaemonService.Name
  UsercodeService:
    Description: The usercode's service
    Value: !GetAtt UsercodeService.Name
  WebserverUrl:
    Description: Where the webserver answers, within the VPC
    Condition: HasLoadBalancer
    Value: !Sub http://${InternalLoadBalancer.DNSName}:3000
  ConfigRelease:
    Description: The config release that the tasks start with
    Value: !Ref ConfigRelease
  SubnetIds:
    Description: The subnets of the tasks
    Value: !Join [",", !Ref SubnetIds]
  TaskSecurityGroupId:
    Description: The security group of the tasks
    Value: !Ref TaskSecurityGroupId
  TaskDefinitionArn:
    Description: The batch task's definition with its revision
    Value: !Ref TaskDefinition
  TaskFamily:
    Description: The family of the batch task's definition
    Value: !Ref AWS::StackName
  ContainerName:
    Description: The main container in the batch task
    Value: !Ref AWS::StackName
  ImageUri:
    Description: The image of usercode, runs and batch task
    Value: !Sub ${Registry}/${RepositoryPrefix}/usercode:${UsercodeVersion}
  LogGroupName:
    Description: The log group of the batch task; those of the services are named LOG_GROUP/SERVICE
    Value: !If [CreatesLogGroup, !Ref LogGroup, !Sub "/ecs/${AWS::StackName}"]
  LogStreamPrefix:
    Description: Log streams are PREFIX/CONTAINER/TASK_ID
    Value: ecs
  ExecutionRoleArn:
    Description: The role by which ECS fetches images and password and writes the logs
    Value: !GetAtt ExecutionRole.Arn
  TaskRoleArn:
    Description: The role of the user's code
    Value: !GetAtt TaskRole.Arn
  LauncherRoleArn:
    Description: The role of webserver and daemon
    Value: !GetAtt LauncherRole.Arn
  ScheduleGroupName:
    Description: The group of the batch task's schedules
    Value: !Ref ScheduleGroup
  ScheduleRoleArn:
    Description: The role by which schedules start the batch task
    Value: !GetAtt ScheduleRole.Arn
  BucketName:
    Description: The bucket in which the tasks may use the folder named as the stack
    Value: !Ref BucketName

"""#),
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
  Services:
    Type: String
    Default: "false"
    Description: >-
      true for TEMPLATE=dagster: a base stack and services besides the task; needs BucketName and RepositoryName
    AllowedValues: ["true", "false"]

Conditions:
  HasServices: !And [!Equals [!Ref Services, "true"], !Condition HasBucket, !Condition HasRepository]
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
          # What webserver and daemon of Dagster start and stop, and where services log.
          - !If
            - HasServices
            - Effect: Allow
              Action: [ecs:RegisterTaskDefinition, ecs:RunTask]
              Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/run_*
            - !Ref AWS::NoValue
          - !If
            - HasServices
            - Effect: Allow
              Action: [ecs:DescribeTasks, ecs:StopTask]
              Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${TaskStackName}/*
            - !Ref AWS::NoValue
          - !If
            - HasServices
            - Effect: Allow
              Action: [ec2:DescribeNetworkInterfaces, ecs:DescribeTaskDefinition]
              Resource: "*"
            - !Ref AWS::NoValue
          - !If
            - HasServices
            - Effect: Allow
              Action: [logs:CreateLogStream, logs:GetLogEvents, logs:PutLogEvents]
              Resource: !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${TaskStackName}/*
            - !Ref AWS::NoValue

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

  # Besides the role's own: base stack and services. It is docs/permissions/dagster.json, and a role takes no more inline.
  ServicesPolicy:
    Type: AWS::IAM::ManagedPolicy
    Condition: HasServices
    Properties:
      Description: !Sub Base stack and services of ${TaskStackName}
      Roles: [!Ref DeployRole]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: BaseStack
            Effect: Allow
            Action:
              - cloudformation:CancelUpdateStack
              - cloudformation:ContinueUpdateRollback
              - cloudformation:CreateChangeSet
              - cloudformation:DeleteChangeSet
              - cloudformation:DeleteStack
              - cloudformation:DescribeChangeSet
              - cloudformation:DescribeEvents
              - cloudformation:DescribeStackEvents
              - cloudformation:DescribeStacks
              - cloudformation:ExecuteChangeSet
              - cloudformation:GetTemplate
              - cloudformation:ListStackResources
              - cloudformation:RollbackStack
              - cloudformation:TagResource
            Resource: !Sub arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${TaskStackName}-base/*
          - Sid: Repositories
            Effect: Allow
            Action:
              - ecr:CreateRepository
              - ecr:DeleteRepository
              - ecr:DescribeImages
              - ecr:DescribeRepositories
              - ecr:PutImageScanningConfiguration
              - ecr:PutImageTagMutability
              - ecr:PutLifecyclePolicy
              - ecr:TagResource
              - ecr:UntagResource
            Resource: !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/${RepositoryName}/*
          - Sid: Bucket
            Effect: Allow
            Action:
              - s3:CreateBucket
              - s3:DeleteBucket
              - s3:DeleteBucketPolicy
              - s3:GetBucketPolicy
              - s3:PutBucketOwnershipControls
              - s3:PutBucketPolicy
              - s3:PutBucketPublicAccessBlock
              - s3:PutBucketTagging
              - s3:PutBucketVersioning
              - s3:PutEncryptionConfiguration
              - s3:PutLifecycleConfiguration
            Resource: !Sub arn:${AWS::Partition}:s3:::${BucketName}
          - Sid: Names
            Effect: Allow
            Action:
              - servicediscovery:CreateService
              - servicediscovery:DeleteNamespace
              - servicediscovery:DeleteService
              - servicediscovery:GetNamespace
              - servicediscovery:GetService
              - servicediscovery:TagResource
              - servicediscovery:UntagResource
              - servicediscovery:UpdateService
            Resource:
              - !Sub arn:${AWS::Partition}:servicediscovery:${AWS::Region}:${AWS::AccountId}:namespace/*
              - !Sub arn:${AWS::Partition}:servicediscovery:${AWS::Region}:${AWS::AccountId}:service/*
          - Sid: Zone
            Effect: Allow
            Action:
              - route53:DeleteHostedZone
              - route53:GetHostedZone
            Resource: !Sub arn:${AWS::Partition}:route53:::hostedzone/*
          - Sid: NoResources
            Effect: Allow
            Action:
              - ec2:DescribeRegions
              - ec2:DescribeSecurityGroups
              - ec2:DescribeVpcs
              - elasticloadbalancing:DescribeListeners
              - elasticloadbalancing:DescribeLoadBalancers
              - elasticloadbalancing:DescribeTargetGroups
              - route53:CreateHostedZone
              - route53:ListHostedZonesByName
              - secretsmanager:GetRandomPassword
              - servicediscovery:CreatePrivateDnsNamespace
              - servicediscovery:GetOperation
            Resource: "*"
          - Sid: NewGroups
            Effect: Allow
            Action: ec2:CreateSecurityGroup
            Resource:
              - !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:security-group/*
              - !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/*
          - Sid: TagNewGroups
            Effect: Allow
            Action: ec2:CreateTags
            Resource: !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:security-group/*
            Condition:
              StringEquals:
                ec2:CreateAction: CreateSecurityGroup
          - Sid: Groups
            Effect: Allow
            Action:
              - ec2:AuthorizeSecurityGroupEgress
              - ec2:AuthorizeSecurityGroupIngress
              - ec2:CreateTags
              - ec2:DeleteSecurityGroup
              - ec2:DeleteTags
              - ec2:RevokeSecurityGroupEgress
            Resource: !Sub arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:security-group/*
            Condition:
              StringEquals:
                aws:ResourceTag/fgctl:stack:
                  - !Sub ${TaskStackName}
                  - !Sub ${TaskStackName}-base
          - Sid: Database
            Effect: Allow
            Action:
              - rds:AddTagsToResource
              - rds:CreateDBInstance
              - rds:CreateDBSnapshot
              - rds:CreateDBSubnetGroup
              - rds:DeleteDBInstance
              - rds:DeleteDBSubnetGroup
              - rds:DescribeDBInstances
              - rds:DescribeDBSubnetGroups
              - rds:ModifyDBInstance
              - rds:ModifyDBSubnetGroup
              - rds:RemoveTagsFromResource
            Resource:
              - !Sub arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:db:${TaskStackName}-base-*
              - !Sub arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:subgrp:${TaskStackName}-base-*
              - !Sub arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:snapshot:${TaskStackName}-base-*
          - Sid: Password
            Effect: Allow
            Action:
              - secretsmanager:CreateSecret
              - secretsmanager:DeleteSecret
              - secretsmanager:DescribeSecret
              - secretsmanager:GetSecretValue
              - secretsmanager:TagResource
              - secretsmanager:UntagResource
            Resource: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${TaskStackName}/*
          - Sid: LoadBalancer
            Effect: Allow
            Action:
              - elasticloadbalancing:AddTags
              - elasticloadbalancing:CreateListener
              - elasticloadbalancing:CreateLoadBalancer
              - elasticloadbalancing:CreateTargetGroup
              - elasticloadbalancing:DeleteListener
              - elasticloadbalancing:DeleteLoadBalancer
              - elasticloadbalancing:DeleteTargetGroup
              - elasticloadbalancing:ModifyListener
              - elasticloadbalancing:ModifyLoadBalancerAttributes
              - elasticloadbalancing:ModifyTargetGroup
              - elasticloadbalancing:ModifyTargetGroupAttributes
              - elasticloadbalancing:RemoveTags
              - elasticloadbalancing:SetSecurityGroups
              - elasticloadbalancing:SetSubnets
            Resource:
              - !Sub arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:listener/app/*
              - !Sub arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:loadbalancer/app/*
              - !Sub arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:targetgroup/*
          - Sid: FirstOfTheirKind
            Effect: Allow
            Action: iam:CreateServiceLinkedRole
            Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*
            Condition:
              StringEquals:
                iam:AWSServiceName:
                  - rds.amazonaws.com
                  - elasticloadbalancing.amazonaws.com
          - Sid: Services
            Effect: Allow
            Action:
              - ecs:CreateService
              - ecs:DeleteService
              - ecs:DescribeServices
              - ecs:TagResource
              - ecs:UntagResource
              - ecs:UpdateService
            Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/${TaskStackName}/*
          - Sid: TaskDefinitions
            Effect: Allow
            Action: ecs:TagResource
            Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${TaskStackName}-*:*
          - Sid: Logs
            Effect: Allow
            Action:
              - logs:CreateLogGroup
              - logs:DeleteLogGroup
              - logs:ListTagsForResource
              - logs:PutRetentionPolicy
              - logs:TagResource
              - logs:UntagResource
            Resource: !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/${TaskStackName}/*

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
