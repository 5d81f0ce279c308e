extension AWSClient {
    /// The pages of a paginated operation, fetched as they are asked for.
    ///
    /// - Parameters:
    ///   - output: the token of the next page in an answer; `nil` or empty ends.
    ///   - input: puts a token into the input of the next request.
    /// - Throws: from the iterator, what `send` throws, and `AWSError` when AWS gives the same token twice in a row.
    package func pages<I: Sendable, O: Sendable>(
        _ operation: Operation<I, O>, _ first: I, on resource: String? = nil,
        output token: @escaping @Sendable (O) -> String?, input setToken: @escaping @Sendable (inout I, String) -> Void
    ) -> some AsyncSequence<O, any Error> & Sendable {
        Pages(client: self, operation: operation, first: first, resource: resource, token: token, setToken: setToken)
    }
}

private struct Pages<I: Encodable & Sendable, O: Decodable & Sendable>: AsyncSequence, Sendable {
    typealias Element = O
    typealias Failure = any Error

    let client: AWSClient
    let operation: Operation<I, O>
    let first: I
    let resource: String?
    let token: @Sendable (O) -> String?
    let setToken: @Sendable (inout I, String) -> Void

    func makeAsyncIterator() -> Iterator { Iterator(pages: self, next: first) }

    struct Iterator: AsyncIteratorProtocol {
        let pages: Pages
        /// The input of the next request; `nil` after the last page.
        var next: I?
        var lastToken: String?

        mutating func next() async throws -> O? {
            guard var input = next else { return nil }
            next = nil
            let page = try await pages.client.send(pages.operation, input, on: pages.resource)
            guard let token = pages.token(page), !token.isEmpty else { return page }
            // Some services say 'no more' by repeating the token; others would loop for ever.
            guard token != lastToken else {
                throw AWSError(
                    code: "InvalidResponse", message: "the same page token came twice", httpStatus: 200,
                    service: pages.operation.service.sdkID, operation: pages.operation.name, resource: pages.resource)
            }
            lastToken = token
            pages.setToken(&input, token)
            next = input
            return page
        }
    }
}
