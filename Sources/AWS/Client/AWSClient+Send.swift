extension AWSClient {
    /// Calls an operation and decodes its answer.
    ///
    /// - Parameter resource: what it is about, for messages: the stack's or task's name.
    /// - Throws: `AWSError` for error answers, `AWSNoAnswer` when none came, `Failure` for missing settings or credentials and
    ///   for mutations under dry run, `CancellationError`.
    package func send<I, O>(_ operation: Operation<I, O>, _ input: I, on resource: String? = nil) async throws -> O {
        throw AWSError(
            code: "NotBuiltYet", message: "", httpStatus: 0, service: operation.service.sdkID, operation: operation.name
        )
    }
}
