import AWS
import Support

/// The names of all that fgctl makes, from the project's settings, checked against AWS's rules before any call.
///
/// Each is made when it is asked for, so that a command needs only the keys it uses.
/// - Throws: each: `Failure(.usage)` naming a key that is not set; for a value that AWS would refuse, `Failure(.badInput)`
///   with file and line when it stands in the env file, else `Failure(.usage)`.
package struct Names: Sendable {
    private let settings: ProjectSettings

    package init(_ settings: ProjectSettings) { self.settings = settings }

    // MARK: Stacks

    /// The stack of the task: STACK_NAME.
    package var stack: String { get throws { try stackName(.stackName, for: "to name the stack") } }

    /// The stack of the shared network: PARENT_STACK_NAME.
    package var parentStack: String {
        get throws {
            let name = try stackName(.parentStackName, for: "to name the network stack")
            if name == settings[.stackName]?.value {
                throw settings.invalid(
                    .parentStackName, "is the name of the task's stack too", hint: "give the two stacks different names"
                )
            }
            return name
        }
    }

    /// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    private func stackName(_ key: Key, for purpose: String) throws -> String {
        let name = try settings.require(key, for: purpose)
        guard name.utf8.count <= 128 else { throw settings.invalid(key, "is longer than 128 characters") }
        guard let first = name.first, first.isASCII, first.isLetter, name.allSatisfy({ Self.isPlain($0) || $0 == "-" })
        else {
            throw settings.invalid(
                key, "can't name a stack", hint: "a letter first, then letters, digits and '-'")
        }
        return name
    }

    /// The stack that the services of TEMPLATE=dagster stand on: `STACK_NAME-base`. The project's name goes into DNS names and
    /// role names there, so it has 48 characters at most.
    package var baseStack: String {
        get throws {
            let name = try stack
            guard name.utf8.count <= 48 else {
                throw settings.invalid(.stackName, "is longer than the 48 characters that its base stack leaves")
            }
            if name + "-base" == settings[.parentStackName]?.value {
                throw settings.invalid(.parentStackName, "is the name of the base stack too")
            }
            return name + "-base"
        }
    }

    // MARK: Tasks

    /// The ECS cluster: ECS_CLUSTER, else STACK_NAME. A cluster's ARN stands for its name.
    package var cluster: String {
        get throws {
            guard let given = settings[.cluster]?.value else { return try stack }
            let name = ARN(given).map { $0.resourceParts.last ?? "" } ?? given
            guard (1...255).contains(name.count), name.allSatisfy({ Self.isPlain($0) || "-_".contains($0) }) else {
                throw settings.invalid(
                    .cluster, "can't name a cluster", hint: "1 to 255 letters, digits, '-' and '_', or a cluster's ARN")
            }
            return name
        }
    }

    /// The family of the task definition: STACK_NAME.
    package var taskFamily: String { get throws { try stack } }

    /// The main container: STACK_NAME.
    package var container: String { get throws { try stack } }

    /// The log group: `/ecs/STACK_NAME`.
    package var logGroup: String { get throws { "/ecs/" + (try stack) } }

    /// The log groups of a project with services, by the part whose they are: the batch task's (empty), then those of the services.
    package var serviceLogGroups: [(part: String, name: String)] {
        get throws {
            let own = try logGroup
            return [("", own)] + ["Webserver", "Daemon", "Usercode"].map { ($0, "\(own)/\($0.lowercased())") }
        }
    }

    // MARK: Schedules

    /// The schedule group: STACK_NAME, which so can have 64 characters at most, and not be `default`.
    ///
    /// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
    package var scheduleGroup: String {
        get throws {
            let name = try stack
            guard name.utf8.count <= 64 else {
                throw settings.invalid(.stackName, "is longer than the 64 characters of a schedule group's name")
            }
            guard name != "default" else {
                throw settings.invalid(.stackName, "is the name of the schedule group that every account has")
            }
            return name
        }
    }

    /// The schedule: TARGET_ID, or STACK_NAME when it was left out.
    package func schedule(targetID: String?) throws -> String {
        guard let targetID else { return try scheduleGroup }
        guard (1...64).contains(targetID.utf8.count),
            targetID.allSatisfy({ Self.isPlain($0) || "-_.".contains($0) })
        else {
            throw Failure(
                .usage, "TARGET_ID '\(targetID)' can't name a schedule",
                hint: targetID.contains(where: { " (".contains($0) })
                    ? "the expression is the last word, TARGET_ID stands before it"
                    : "1 to 64 letters, digits, '-', '_' and '.'")
        }
        return targetID
    }

    // MARK: Images

    /// The ECR repository: IMAGE_NAME.
    ///
    /// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
    package var repository: String {
        get throws {
            let name = try settings.require(.imageName, for: "to name the image")
            if name.contains(":") {
                throw settings.invalid(
                    .imageName, "holds a ':'", hint: "the tag is VERSION, the registry is REGISTRY_URL")
            }
            if name.contains(".dkr.ecr.") {
                throw settings.invalid(.imageName, "holds a registry", hint: "write that into REGISTRY_URL")
            }
            guard (2...256).contains(name.utf8.count) else {
                throw settings.invalid(.imageName, "has not 2 to 256 characters")
            }
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ Self.isWords($0, separators: "._-") }) else {
                throw settings.invalid(
                    .imageName, "can't name a repository",
                    hint: "small letters and digits, parted by single '.', '_', '-' or '/'")
            }
            return name
        }
    }

    /// The registry of the image, without scheme: REGISTRY_URL, else ECR of the account and region.
    /// - Parameters:
    ///   - account: the account that the credentials belong to, 12 digits.
    ///   - region: the region in use.
    package func registry(account: String, region: String) throws -> String {
        try givenRegistry ?? "\(account).dkr.ecr.\(region).\(Partition.of(region).dnsSuffix)"
    }

    /// REGISTRY_URL without scheme; `nil` where it is not set, so that it is ECR.
    package var givenRegistry: String? {
        get throws { try settings[.registryURL].map { try host(ofRegistry: $0.value) } }
    }

    private func host(ofRegistry given: String) throws -> String {
        var host = given[...]
        for scheme in ["https://", "http://"] where host.hasPrefix(scheme) { host = host.dropFirst(scheme.count) }
        if host.hasSuffix("/") { host.removeLast() }
        guard !host.isEmpty, host.allSatisfy({ Self.isPlain($0) || "-._:[]".contains($0) }) else {
            throw settings.invalid(
                .registryURL, "can't name a registry", hint: "HOST or HOST:PORT; the repository is IMAGE_NAME")
        }
        return String(host)
    }

    /// The image as a container definition names it: `REGISTRY/IMAGE_NAME:VERSION`.
    package func imageURI(version: ImageVersion, registry: String) throws -> String {
        "\(registry)/\(try repository):\(version)"
    }

    // MARK: S3, account

    /// The bucket of the project: S3_BUCKET, also written `s3://NAME`.
    ///
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    package var bucket: String {
        get throws {
            let given = try settings.require(.bucket, for: "to name the bucket")
            var name = given.hasPrefix("s3://") ? given.dropFirst(5) : given[...]
            if given.hasPrefix("s3://"), name.hasSuffix("/") { name.removeLast() }
            guard (3...63).contains(name.utf8.count) else {
                throw settings.invalid(.bucket, "has not 3 to 63 characters")
            }
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ Self.isWords($0, separators: "-", repeated: true) }) else {
                throw settings.invalid(
                    .bucket, "can't name a bucket",
                    hint:
                        "small letters, digits and '-', parted by single '.', each part with a letter or digit at both ends"
                )
            }
            if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) {
                throw settings.invalid(.bucket, "has the form of an IP address")
            }
            let reserved =
                ["xn--", "sthree-", "amzn-s3-demo-"].first(where: name.hasPrefix)
                ?? ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].first(where: name.hasSuffix)
            if let reserved { throw settings.invalid(.bucket, "holds '\(reserved)', which AWS keeps for itself") }
            return String(name)
        }
    }

    /// The account that may be changed: AWS_ACCOUNT_ID; `nil` when it is not set.
    package var account: String? {
        get throws {
            guard let id = settings[.accountID]?.value else { return nil }
            guard id.utf8.count == 12, id.utf8.allSatisfy({ (48...57).contains($0) }) else {
                throw settings.invalid(.accountID, "is no account id", hint: "an account id has 12 digits")
            }
            return id
        }
    }

    // MARK: Characters

    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber)
    }

    /// Whether the text is small letters and digits with separators between them, single ones unless `repeated`.
    private static func isWords(_ text: Substring, separators: String, repeated: Bool = false) -> Bool {
        let words = text.split(omittingEmptySubsequences: repeated) { separators.contains($0) }
        guard let first = text.first, let last = text.last, !separators.contains(first), !separators.contains(last)
        else { return false }
        return words.allSatisfy { word in
            !word.isEmpty && word.allSatisfy { isPlain($0) && !$0.isUppercase }
        }
    }
}
