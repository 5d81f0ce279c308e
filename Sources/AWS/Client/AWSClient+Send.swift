internal import Crypto
internal import FoundationEssentials
internal import HTTP
internal import Support

extension AWSClient {
    /// Calls an operation and decodes its answer.
    ///
    /// - Parameters:
    ///   - sha256: the body's hash in hex, when it is known.
    ///   - resource: what it is about, for messages: the stack's or task's name.
    /// - Throws: `AWSError` for error answers, `AWSNoAnswer` when none came, `Failure` for missing settings or credentials and
    ///   for mutations under dry run, `CancellationError`.
    package func send<I, O>(
        _ operation: Operation<I, O>, _ input: I, sha256: String? = nil, on resource: String? = nil
    ) async throws -> O {
        let call = try await prepare(operation, input, resource, sha256: sha256)
        let answer = try await perform(call)
        return try decode(operation, answer, call)
    }

    /// The call before its first attempt; nothing is sent yet.
    func prepare<I, O>(
        _ operation: Operation<I, O>, _ input: I, _ resource: String?, body: HTTPBody? = nil, sha256: String? = nil
    ) async throws -> Call {
        try refuseUnderDryRun(operation, resource)
        var request = try RequestEncoder.encode(operation, input)
        let service = operation.service
        if let body { request.body = body }
        if service.isS3, S3Addressing.needsChecksum.contains(operation.name), case .bytes(let bytes) = request.body {
            let hash = Data(try HashFunction.sha256.hash(bytes)).base64EncodedString()
            request.headers["x-amz-checksum-sha256"] = hash
        }
        let endpoint = try await shared.endpoints.endpoint(service.id)
        let url =
            service.isS3
            ? try S3Addressing.url(request, endpoint: endpoint, shared: shared) : endpoint.base + request.target
        let payload: PayloadHash
        if let sha256 {
            payload = .known(sha256)
        } else {
            payload = try await .of(request.body, allowsUnsigned: service.isS3 && url.hasPrefix("https://"))
        }
        return Call(
            service: service, operation: operation.name, resource: resource, request: request, endpoint: endpoint,
            url: url, payload: payload, mutates: operation.effect == .mutates, isIdempotent: operation.idempotent != .no
        )
    }

    func decode<I, O>(_ operation: Operation<I, O>, _ answer: Answer, _ call: Call) throws -> O {
        do {
            return try ResponseDecoder.decode(
                operation, status: answer.status, headers: answer.headers, body: answer.bytes)
        } catch {
            traceUnread(call, answer)
            var failed = call.error(
                "InvalidResponse", ResponseDecoder.reason(error), status: answer.status,
                requestID: ErrorDecoder.requestID(answer.headers))
            failed.attempts = answer.attempts
            failed.mayHaveActed = call.mutates
            throw failed
        }
    }

    private func refuseUnderDryRun<I, O>(_ operation: Operation<I, O>, _ resource: String?) throws {
        guard dryRun, operation.effect == .mutates else { return }
        let what = [operation.service.sdkID, operation.name, resource].compactMap { $0 }.joined(separator: " ")
        throw Failure(.failed, "\(what): refused, since this is a dry run")
    }
}
