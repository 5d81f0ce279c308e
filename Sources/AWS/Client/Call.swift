internal import HTTP

/// What the pipeline knows about one call, whatever its types.
struct Call: Sendable {
    let service: Service
    let operation: String
    let resource: String?
    let request: EncodedRequest
    let endpoint: Endpoint
    let url: String
    let payload: PayloadHash
    let mutates: Bool
    /// Whether a second arrival at the service does no harm.
    let isIdempotent: Bool
    /// Whether the body can be read again for another attempt.
    var isRepeatable = true
    /// Whether the body of a good answer is left to the caller.
    var streamsAnswer = false
    /// Bytes of an answer's body that is read into memory.
    var wholeLimit = 64 << 20
    /// Whether the body of a good answer is somebody's data, which may look like anything.
    var givesData = false

    /// An error of this call.
    func error(_ code: String, _ message: String, status: Int, requestID: String?) -> AWSError {
        AWSError(
            code: code, message: message, httpStatus: status, requestID: requestID, service: service.sdkID,
            operation: operation, resource: resource)
    }
}

/// A good answer; its body is in memory unless it streams to the caller.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let bytes: [UInt8]?
    let stream: HTTPResponseBody?
    /// All attempts it took.
    var attempts = 1

    /// Its head alone, for decoding.
    var withoutBody: Answer {
        Answer(status: status, headers: headers, bytes: nil, stream: nil, attempts: attempts)
    }
}
