internal import AWS

/// What to do about errors of AWS that no layer has put into words.
enum ErrorHints {
    static func hint(_ error: any Error) -> String? {
        switch error {
        case is AWSNoAnswer:
            "'fgctl whoami' shows which endpoint is used and where it was set; is it up, and the network?"
        case let error as AWSError: hint(error)
        default: nil
        }
    }

    private static func hint(_ error: AWSError) -> String? {
        if let denial = error.denial { return AWSErrorReport.hint(denial) }
        guard error.service == "ECS" else { return nil }
        switch error.code {
        case "ClusterNotFoundException":
            return "create the stack, which holds the cluster, with 'fgctl cf-create-stack', or correct key ECS_CLUSTER"
        case "ServiceNotFoundException", "ServiceNotActiveException":
            return "the service is gone or being deleted: 'fgctl cf-status' shows whether its stack is there"
        case "ClientException", "InvalidParameterException":
            let message = error.message.lowercased().filter { $0 != " " }
            guard message.contains("taskdefinition") else { return nil }
            // "Unable to describe task definition.", "TaskDefinition not found.", "TaskDefinition is inactive"
            guard ["unabletodescribe", "notfound", "inactive"].contains(where: message.contains) else { return nil }
            return "there is no active task definition: run 'fgctl cf-create-stack', or, where the stack is there, "
                + "'fgctl cf-update-stack VERSION', which registers a new one"
        default: return nil
        }
    }
}
