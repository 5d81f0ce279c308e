/// One thing that is missing or refused, read out of an error text of AWS; its JSON form is stable.
package struct Finding: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable {
        case missingImage, missingSecret, missingSecretKey, missingParameter, missingLogGroup, missingSubnet
        case missingSecurityGroup, deniedAction, roleNotAssumable, noRoute, wrongArchitecture, commandNotFound
        case outOfMemory, noCapacity, nameTaken, serviceLinkedRole
    }

    package let kind: Kind
    /// The image, secret, role, … as AWS names it; empty when the text does not say.
    package let thing: String
    /// What to do.
    package var advice: String
    /// What was seen when the thing itself was looked at: the tags that a repository holds, where a subnet's routes lead, …
    package var facts: [String] = []

    package init(_ kind: Kind, _ thing: String, advice: String, facts: [String] = []) {
        self.kind = kind
        self.thing = thing
        self.advice = advice
        self.facts = facts
    }

    /// `missing image: REGISTRY/NAME:0.3`
    package var text: String {
        let label = kind.rawValue.reduce(into: "") { text, character in
            if character.isUppercase { text += " " }
            text += character.lowercased()
        }
        return thing.isEmpty ? label : "\(label): \(thing)"
    }

    /// The text, and what was seen.
    package var lines: [String] { [text] + facts.map { "  \($0)" } }
}

extension Finding {
    /// Reads what is missing out of a stopped task's, container's or resource's reason; pure.
    ///
    /// The texts are those of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
    package static func read(_ text: String) -> Finding? {
        let lower = text.lowercased()
        func says(_ parts: String...) -> Bool { parts.contains { lower.contains($0) } }
        if says("unable to assume the service linked role", "ecs service linked role") {
            return Finding(
                .serviceLinkedRole, "AWSServiceRoleForECS",
                advice: "run the command again: ECS makes this role at its first use in an account")
        }
        if says("unable to assume the role", "cannot be assumed", "unable to assume role") {
            let role = word(in: text, startingWith: "arn:") ?? ""
            return Finding(
                .roleNotAssumable, role,
                advice: "let the role exist and trust ecs-tasks.amazonaws.com")
        }
        if let denied = denied(text) { return denied }
        if says("platform 'linux", "exec format error", "does not contain descriptor matching platform") {
            return Finding(
                .wrongArchitecture, "",
                advice: "build the image for the task's architecture: key PLATFORM, then docker-build and docker-push")
        }
        if says(
            "i/o timeout", "context deadline exceeded", "dial tcp", "client.timeout", "no such host",
            "connection issue", "network is unreachable")
        {
            return Finding(
                .noRoute, endpoint(in: text),
                advice:
                    "give the task a public address (ASSIGN_PUBLIC_IP) in a public subnet, or its subnet a NAT gateway "
                    + "or VPC endpoints; see the route table of its subnets")
        }
        return secretOrParameter(text, lower) ?? missing(text, lower) ?? container(text, lower)
    }

    /// `User: arn:aws:sts::1:assumed-role/ROLE/x is not authorized to perform: ecr:BatchGetImage on resource: Y`
    private static func denied(_ text: String) -> Finding? {
        guard let action = word(in: text, after: "not authorized to perform: ") else { return nil }
        let who = word(in: text, after: "User: ") ?? word(in: text, startingWith: "arn:") ?? "the role"
        let role = who.split(separator: "/").dropFirst().first.map { "role \($0)" } ?? who
        let resource = word(in: text, after: "on resource: ").map { " on \($0)" } ?? ""
        return Finding(
            .deniedAction, "\(role) may not \(action)\(resource)",
            advice: "allow \(needed(action)) in a policy of \(role), and check for a permissions boundary",
            facts: roleARN(who).map { ["the role is \($0)"] } ?? [])
    }

    /// `arn:aws:sts::1:assumed-role/ROLE/SESSION` is a session of `arn:aws:iam::1:role/ROLE`, its path left out.
    private static func roleARN(_ session: String) -> String? {
        let parts = session.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[5].hasPrefix("assumed-role/") else { return nil }
        let role = parts[5].dropFirst("assumed-role/".count).prefix { $0 != "/" }
        return "arn:\(parts[1]):iam::\(parts[4]):role/\(role)"
    }

    /// What a role needs beside the one action that failed first.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    private static func needed(_ action: String) -> String {
        action.hasPrefix("ecr:") ? pullActions : action
    }

    private static let pullActions =
        "ecr:GetAuthorizationToken on *, ecr:BatchCheckLayerAvailability, ecr:GetDownloadUrlForLayer and ecr:BatchGetImage "
        + "on the repository (as AmazonECSTaskExecutionRolePolicy does)"

    /// ECR knows the role and does not let it pull.
    private static func refusedPull(_ image: String) -> Finding {
        Finding(
            .deniedAction, "the execution role may not pull" + (image.isEmpty ? "" : " \(image)"),
            advice: "allow \(pullActions) in a policy of the execution role, and check the repository's policy")
    }

    private static func secretOrParameter(_ text: String, _ lower: String) -> Finding? {
        if lower.contains("invalid ssm parameters") || lower.contains("parameternotfound") {
            let name = word(in: text, after: "invalid ssm parameters: ") ?? ""
            return Finding(.missingParameter, name, advice: "create the SSM parameter, or correct the task definition")
        }
        if lower.contains("did not contain json key") {
            let key = word(in: text, after: "json key ") ?? ""
            return Finding(.missingSecretKey, key, advice: "add the key to the secret, or correct the task definition")
        }
        if lower.contains("can't find the specified secret") {
            let secret =
                word(in: text, startingWith: "arn:aws:secretsmanager") ?? word(in: text, after: "secret ") ?? ""
            return Finding(.missingSecret, secret, advice: "create the secret, or correct the task definition")
        }
        return nil
    }

    private static func missing(_ text: String, _ lower: String) -> Finding? {
        let isPull =
            lower.contains("cannotpullcontainererror") || lower.contains("cannotpullimage")
            || lower.contains("pull access denied") || lower.contains("failed to resolve ref")
        if isPull {
            let image =
                word(in: text, after: "failed to resolve ref ") ?? word(in: text, after: "manifest for ")
                ?? word(in: text, after: "pull access denied for ") ?? word(
                    in: text, after: "failed to resolve reference ")
                ?? word(in: text, after: "pull image manifest has been retried 1 time(s): ") ?? ""
            if [
                "403 forbidden", "no basic auth credentials", "authorization failed", "authorization token has expired",
            ]
            .contains(where: lower.contains) {
                return refusedPull(image)
            }
            return Finding(
                .missingImage, image,
                advice: "build and push it ('fgctl docker-build', 'fgctl docker-push'), or name a version that is there"
            )
        }
        if lower.contains("log group does not exist") {
            return Finding(
                .missingLogGroup, word(in: text, after: "awslogs-group=") ?? "",
                advice: "create the log group, or let the stack create it (CreateLogGroup)")
        }
        if lower.contains("subnet id '"), lower.contains("does not exist") {
            return Finding(
                .missingSubnet, word(in: text, after: "subnet ID ") ?? "",
                advice: "correct SUBNETS, or create the network with 'fgctl cf-create-vpc'")
        }
        if lower.contains("security group '"), lower.contains("does not exist") {
            return Finding(
                .missingSecurityGroup, word(in: text, after: "security group ") ?? "",
                advice: "correct SECURITY_GROUPS, or create the network with 'fgctl cf-create-vpc'")
        }
        if lower.contains("already exists") {
            return Finding(
                .nameTaken, "",
                advice: "delete or rename what bears the name, or let the template use it as it is")
        }
        return nil
    }

    private static func container(_ text: String, _ lower: String) -> Finding? {
        if lower.contains("executable file not found") || lower.contains("no such file or directory: unknown") {
            return Finding(
                .commandNotFound, word(in: text, after: "exec: ") ?? "",
                advice: "correct the command, or put the program into the image")
        }
        if lower.contains("outofmemory") {
            return Finding(.outOfMemory, "", advice: "give the task more memory: key MEMORY or --parameter Memory=…")
        }
        if lower.contains("capacity is unavailable") || lower.contains("resource:fargate") {
            return Finding(.noCapacity, "", advice: "try again later, or in subnets of other zones")
        }
        return nil
    }

    // MARK: Words

    private static let stops: Set<Character> = [" ", "\n", "\t", ",", ";", "\"", "'", "(", ")"]

    /// The word after a phrase, without quotes and a closing colon or stop.
    private static func word(in text: String, after phrase: String) -> String? {
        guard let range = text.firstRange(of: phrase) else { return nil }
        return clean(text[range.upperBound...].drop { "'\" ".contains($0) }.prefix { !stops.contains($0) })
    }

    private static func word(in text: String, startingWith start: String) -> String? {
        guard let range = text.firstRange(of: start) else { return nil }
        return clean(text[range.lowerBound...].prefix { !stops.contains($0) })
    }

    private static func clean(_ word: Substring) -> String? {
        var word = word
        while let last = word.last, ":.".contains(last) { word.removeLast() }
        return word.isEmpty ? nil : String(word)
    }

    /// The host or address that could not be reached.
    private static func endpoint(in text: String) -> String {
        word(in: text, after: "dial tcp: lookup ") ?? word(in: text, after: "dial tcp ")
            ?? word(in: text, startingWith: "https://") ?? ""
    }
}
