package import HTTP

extension AWSClient {
    /// Calls a REST operation with a streamed body; the input has the other members only.
    ///
    /// - Parameters:
    ///   - sha256: the body's hash in hex when it is known. Without it S3 bodies go unsigned over https and are read twice over
    ///     http, where nothing else would protect them.
    ///   - isRepeatable: whether `open` can start the body again. A body that can't (a pipe) is sent once, without retries,
    ///     and unsigned unless its hash is known.
    package func sendStreaming<I, O>(
        _ operation: Operation<I, O>, _ input: I, body: HTTPBody, sha256: String? = nil, isRepeatable: Bool = true,
        on resource: String? = nil
    ) async throws -> O {
        let hash = sha256 ?? (isRepeatable ? nil : PayloadHash.unsigned.text)
        var call = try await prepare(operation, input, resource, body: body, sha256: hash)
        call.isRepeatable = isRepeatable
        return try decode(operation, try await perform(call), call)
    }

    /// Calls a REST operation whose answer's body is taken into memory as it is; the output has the members from the headers only.
    ///
    /// - Parameters:
    ///   - isData: whether the body is somebody's data, which may look like anything, also like an error.
    ///   - limit: bytes of the body; more is an `AWSNoAnswer` whose cause is `HTTPError.bodyTooLarge`.
    package func receiveWhole<I, O>(
        _ operation: Operation<I, O>, _ input: I, limit: Int, isData: Bool = true, on resource: String? = nil
    ) async throws -> (output: O, bytes: [UInt8]) {
        var call = try await prepare(operation, input, resource)
        call.wholeLimit = limit
        call.givesData = isData
        let answer = try await perform(call)
        let bytes = answer.bytes ?? []
        return (try decode(operation, answer.withoutBody, call), bytes)
    }

    /// Calls a REST operation whose answer's body streams; the output has the members from the headers only.
    ///
    /// Attempts end when the head of a good answer is there: a body that breaks off later is the reader's to resume.
    package func receiveStreaming<I, O>(
        _ operation: Operation<I, O>, _ input: I, on resource: String? = nil
    ) async throws -> (output: O, body: HTTPResponseBody) {
        var call = try await prepare(operation, input, resource)
        call.streamsAnswer = true
        let answer = try await perform(call)
        return (try decode(operation, answer, call), answer.stream ?? HTTPResponseBody([]))
    }
}
