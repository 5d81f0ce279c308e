/// What S3 refuses requests with.
///
/// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
enum S3Error: String, Sendable {
    case noSuchBucket = "NoSuchBucket"
    case noSuchKey = "NoSuchKey"
    case noSuchUpload = "NoSuchUpload"
    case bucketNotEmpty = "BucketNotEmpty"
    case preconditionFailed = "PreconditionFailed"
    case conflict = "ConditionalRequestConflict"
    case invalidRange = "InvalidRange"
    case invalidPart = "InvalidPart"
    case invalidPartOrder = "InvalidPartOrder"
    case invalidRequest = "InvalidRequest"
    case entityTooSmall = "EntityTooSmall"
    case badDigest = "BadDigest"
    case malformedXML = "MalformedXML"
    case missingContentLength = "MissingContentLength"
    case notImplemented = "NotImplemented"
    case internalError = "InternalError"
    case slowDown = "SlowDown"

    var status: Int {
        switch self {
        case .noSuchBucket, .noSuchKey, .noSuchUpload: 404
        case .bucketNotEmpty, .conflict: 409
        case .preconditionFailed: 412
        case .invalidRange: 416
        case .missingContentLength: 411
        case .notImplemented: 501
        case .internalError: 500
        case .slowDown: 503
        case .invalidPart, .invalidPartOrder, .invalidRequest, .entityTooSmall, .badDigest, .malformedXML: 400
        }
    }
}

/// An answer before it is sent.
struct Answer: Sendable {
    var status = 200
    /// Complete lines.
    var headers: [UInt8] = []
    var body = Body()
    /// What `Content-Length` says; of answers to HEAD another than the body's.
    var length: Int?

    static func xml(_ text: [UInt8]) -> Answer {
        var answer = Answer(body: Body(Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8) + text))
        answer.headers.add(header: "Content-Type", "application/xml")
        return answer
    }

    static func error(_ error: S3Error, _ message: String = "") -> Answer {
        refusal(error.status, error.rawValue, message)
    }

    static func refusal(_ status: Int, _ code: String, _ message: String) -> Answer {
        var answer = xml(Array("<Error><Code>\(code)</Code><Message>\(message)</Message></Error>".utf8))
        answer.status = status
        return answer
    }

    static func refusal(_ refusal: IncomingBody.Refusal) -> Answer {
        self.refusal(refusal.code == "InternalError" ? 500 : 400, refusal.code, refusal.message)
    }

    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 206: "Partial Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 409: "Conflict"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 416: "Requested Range Not Satisfiable"
        case 501: "Not Implemented"
        case 503: "Slow Down"
        default: "Internal Server Error"
        }
    }
}
