import Support

/// Every key that fgctl reads from flags, `--set`, env files and the process environment.
///
/// The raw value is the name to write; `synonyms` are older names that mean the same. Variables of the AWS SDKs that
/// are not listed (`AWS_ENDPOINT_URL_<SERVICE>`, …) are handed down to target `AWS` as they are.
package enum Key: String, CaseIterable, Sendable {
    case stackName = "STACK_NAME"
    case parentStackName = "PARENT_STACK_NAME"
    case imageName = "IMAGE_NAME"
    case imageVersion = "IMAGE_VERSION"
    case registryURL = "REGISTRY_URL"
    case accountID = "AWS_ACCOUNT_ID"
    case bucket = "S3_BUCKET"
    case platform = "PLATFORM"
    case dockerfile = "DOCKERFILE"
    case dockerContext = "DOCKER_CONTEXT"
    case buildArgs = "BUILD_ARGS"
    case gitRev = "GIT_REV"
    case template = "TEMPLATE"
    case parentTemplate = "PARENT_TEMPLATE"
    case parameters = "PARAMETERS"
    case tags = "TAGS"
    case vpcCIDR = "VPC_CIDR"
    case vpcID = "VPC_ID"
    case subnets = "SUBNETS"
    case securityGroups = "SECURITY_GROUPS"
    case assignPublicIP = "ASSIGN_PUBLIC_IP"
    case networkConfig = "ECS_NETWORK_CONFIG"
    case cluster = "ECS_CLUSTER"
    case cpu = "CPU"
    case memory = "MEMORY"
    case ephemeralStorage = "EPHEMERAL_STORAGE"
    case logRetentionDays = "LOG_RETENTION_DAYS"
    case remoteEnvFile = "REMOTE_ENV_FILE"
    case configDirectory = "CONFIG_DIR"
    case scheduleTimezone = "SCHEDULE_TIMEZONE"
    case deadLetterARN = "DEAD_LETTER_ARN"
    case fgctlImage = "FGCTL_IMAGE"
    case webserverVersion = "WEBSERVER_VERSION"
    case daemonVersion = "DAEMON_VERSION"
    case usercodeVersion = "USERCODE_VERSION"
    case databaseHost = "DATABASE_HOST"
    case databasePort = "DATABASE_PORT"
    case databaseName = "DATABASE_NAME"
    case databaseUser = "DATABASE_USER"
    case databaseSecretARN = "DATABASE_SECRET_ARN"
    case permissionsBoundary = "PERMISSIONS_BOUNDARY"
    case roleARN = "ROLE_ARN"
    case externalID = "EXTERNAL_ID"
    case region = "AWS_REGION"
    case profile = "AWS_PROFILE"
    case accessKeyID = "AWS_ACCESS_KEY_ID"
    case secretAccessKey = "AWS_SECRET_ACCESS_KEY"
    case sessionToken = "AWS_SESSION_TOKEN"
    case endpointURL = "AWS_ENDPOINT_URL"
    case ignoreConfiguredEndpoints = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
    case useFIPS = "AWS_USE_FIPS_ENDPOINT"
    case useDualStack = "AWS_USE_DUALSTACK_ENDPOINT"
    case caBundle = "AWS_CA_BUNDLE"
    case sharedCredentialsFile = "AWS_SHARED_CREDENTIALS_FILE"
    case configFile = "AWS_CONFIG_FILE"
    case maxAttempts = "AWS_MAX_ATTEMPTS"
    case retryMode = "AWS_RETRY_MODE"
}

extension Key {
    /// Older names of the same thing, in the order in which they count.
    package var synonyms: [String] {
        switch self {
        case .stackName: ["TASK"]
        case .parentStackName: ["RESOURCE_GROUP"]
        case .imageName: ["DOCKER_IMAGE", "CONTAINER_IMAGE"]
        case .registryURL: ["IMAGE_DOMAIN"]
        case .accountID: ["AWS_ACCOUNT"]
        case .bucket: ["S3_BUCKET_NAME", "BUCKET"]
        case .cluster: ["ECS_CLUSTER_NAME"]
        case .cpu: ["ALLOCATED_CPU"]
        case .memory: ["ALLOCATED_MEMORY"]
        case .region: ["AWS_DEFAULT_REGION"]
        case .secretAccessKey: ["AWS_SECRET_KEY"]
        default: []
        }
    }

    /// All names of the key, the one to write first.
    package var names: [String] { [rawValue] + synonyms }

    /// The key that `name` stands for, synonyms included.
    package init?(name: String) {
        guard let key = Self.allCases.first(where: { $0.names.contains(name) }) else { return nil }
        self = key
    }

    /// Whether the value must never be shown.
    package var isSecret: Bool {
        switch self {
        case .secretAccessKey, .sessionToken: true
        default: false
        }
    }

    /// The flag that sets the key, as messages name it.
    package var flag: String {
        switch self {
        case .region: "--region"
        case .profile: "--profile"
        case .endpointURL: "--endpoint-url"
        case .assignPublicIP: "--public-ip"
        case .scheduleTimezone: "--timezone"
        case .deadLetterARN: "--dead-letter"
        default: "--" + rawValue.lowercased().split(separator: "_").joined(separator: "-")
        }
    }

    /// What the key means, in one line.
    package var summary: String {
        switch self {
        case .stackName: "name of the task's stack, cluster, task family, container and schedule group"
        case .parentStackName: "name of the shared network stack"
        case .imageName: "name of the image and of its ECR repository"
        case .imageVersion: "tag of the image, where no VERSION is given"
        case .registryURL: "registry of the image; default: ECR of the account and region"
        case .accountID: "account that may be changed; checked before the first change"
        case .bucket: "S3 bucket of the project, made with the network stack"
        case .platform: "platform of the image; default linux/amd64"
        case .dockerfile: "path of the Dockerfile; default Dockerfile in DOCKER_CONTEXT"
        case .dockerContext: "folder sent to docker build; default: the project's root"
        case .buildArgs: "NAME=VALUE words handed to docker build as --build-arg"
        case .gitRev: "git revision of the source; default: that of the working tree"
        case .fgctlImage: "image of fgctl for the sidecars of services; default REGISTRY/IMAGE_NAME/fgctl:VERSION"
        case .template: "template of the task's stack: a file, an embedded name, or the set dagster; default task"
        case .parentTemplate: "template of the network stack: a file or an embedded name; default network"
        case .parameters: "NAME=VALUE words handed to the templates of TEMPLATE, as --parameter hands them"
        case .tags: "KEY=VALUE tags of everything that is made, comma separated"
        case .vpcCIDR: "address range of the VPC"
        case .vpcID: "VPC of the stacks of TEMPLATE=dagster; default: output of the network stack"
        case .subnets: "subnet ids of the task; default: outputs of the network stack"
        case .securityGroups: "security group ids of the task; default: output of the network stack"
        case .assignPublicIP: "whether tasks get a public address: true or false"
        case .networkConfig: "base64 of RunTask's networkConfiguration JSON, instead of subnets and groups"
        case .cluster: "cluster to run in; default STACK_NAME"
        case .cpu: "CPU units of the task (1024 = 1 vCPU)"
        case .memory: "memory of the task in MiB"
        case .ephemeralStorage: "ephemeral storage of the task in GiB, 21 to 200"
        case .logRetentionDays: "days that logs are kept"
        case .remoteEnvFile: "file of environment variables for the container"
        case .configDirectory: "folder whose files config-push sends; default config at the project's root"
        case .scheduleTimezone: "time zone of schedules; default UTC"
        case .deadLetterARN: "SQS queue for launches that a schedule could not make"
        case .webserverVersion: "tag of the webserver's image, where it is not VERSION"
        case .daemonVersion: "tag of the daemon's image, where it is not VERSION"
        case .usercodeVersion: "tag of the usercode's image, where it is not VERSION"
        case .databaseHost: "host of your own PostgreSQL, in place of one that the base stack makes"
        case .databasePort: "port of your own PostgreSQL; default 5432"
        case .databaseName: "name of the database; default dagster"
        case .databaseUser: "user of the database; default dagster"
        case .databaseSecretARN: "secret with the password of your own PostgreSQL under the JSON key password"
        case .permissionsBoundary: "ARN of the policy that bounds the roles of the task's stack"
        case .roleARN: "role that assume-role assumes"
        case .externalID: "what the owner of ROLE_ARN asks to be told"
        case .region: "AWS region"
        case .profile: "profile in the shared AWS files"
        case .accessKeyID: "access key id; better a profile or a role"
        case .secretAccessKey: "secret access key; better a profile or a role"
        case .sessionToken: "session token of temporary keys"
        case .endpointURL: "endpoint of all AWS services, for local AWS; AWS_ENDPOINT_URL_<SERVICE> for one"
        case .ignoreConfiguredEndpoints: "true: take no endpoint from environment or shared files"
        case .useFIPS: "true: endpoints that are validated for FIPS 140"
        case .useDualStack: "true: endpoints that have IPv6 addresses as well"
        case .caBundle: "PEM file of the certificate authorities to trust"
        case .sharedCredentialsFile: "shared credentials file; default ~/.aws/credentials"
        case .configFile: "shared config file; default ~/.aws/config"
        case .maxAttempts: "attempts per request; default 3"
        case .retryMode: "retry mode; standard"
        }
    }

    /// The name that `name` seems to be a misspelling of: one or two edits away, fewer for short names, or in other case.
    ///
    /// `nil` for names that are known, and for names near to none: users keep other variables in an env file.
    package static func intended(by name: String) -> String? {
        let known = allCases.flatMap(\.names)
        guard !known.contains(name), !name.hasPrefix("AWS_ENDPOINT_URL_") else { return nil }
        let upper = name.uppercased()
        if known.contains(upper) { return upper }
        // A name of three letters is one edit from too many others (GPU, CPU).
        let distance = upper.count <= 3 ? 0 : upper.count <= 5 ? 1 : 2
        return Suggestion.nearest(to: upper, in: known, within: distance)
    }
}
