internal import Crypto
internal import FoundationEssentials
internal import HTTP
internal import Support
internal import Synchronization

/// Signs requests with AWS Signature Version 4, in headers.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
struct Signer: Sendable {
    let credentials: Credentials
    let region: String
    /// The service's signing name.
    let service: String
    /// Keeps the day's key between attempts.
    var keys: SigningKeys?

    /// The stages of a signature, for tests.
    struct Stages {
        let canonicalRequest: String
        let stringToSign: String
        let authorization: String
        let signed: HTTPRequest
    }

    /// The request with date, token, payload hash (S3) and `Authorization`; as it is for calls that need no credentials.
    func sign(_ request: HTTPRequest, payload: PayloadHash, at date: Date) throws -> HTTPRequest {
        credentials.isAnonymous ? request : try stages(request, payload: payload, at: date).signed
    }

    func stages(_ request: HTTPRequest, payload: PayloadHash, at date: Date) throws -> Stages {
        var signed = request
        let stamp = Timestamp.basic(date)
        signed.headers["X-Amz-Date"] = stamp
        if let token = credentials.sessionToken {
            signed.headers["X-Amz-Security-Token"] = token.reveal()  // The service needs it to find the key.
        }
        let isS3 = service == "s3"
        if isS3 { signed.headers["x-amz-content-sha256"] = payload.text }

        let canonical = CanonicalRequest(signed, payloadHash: payload.text, isS3: isS3)
        let day = String(stamp.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let hash = Hex.encode(try HashFunction.sha256.hash(canonical.text.utf8))
        let stringToSign = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(hash)"
        let signature = Hex.encode(try HMAC.sha256(key: try key(day: day), stringToSign.utf8))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
        signed.headers["Authorization"] = authorization
        return Stages(
            canonicalRequest: canonical.text, stringToSign: stringToSign, authorization: authorization, signed: signed)
    }

    /// The day's signing key (step 3 of the page above).
    private func key(day: String) throws -> [UInt8] {
        let scope = SigningKeys.Scope(
            day: day, region: region, service: service, accessKeyID: credentials.accessKeyID,
            secret: credentials.secretAccessKey)
        if let known = keys?.known.withLock({ $0[scope] }) { return known }
        let key = try deriveKey(day: day)
        keys?.known.withLock { known in
            // Days pass and credentials change: nothing old is worth keeping.
            if known.count >= SigningKeys.limit { known.removeAll() }
            known[scope] = key
        }
        return key
    }

    private func deriveKey(day: String) throws -> [UInt8] {
        // The secret leaves its type only here, to derive the key.
        var key = Array("AWS4\(credentials.secretAccessKey.reveal())".utf8)
        for part in [day, region, service, "aws4_request"] { key = try HMAC.sha256(key: key, part.utf8) }
        return key
    }
}

/// Signing keys that were derived already; a key holds for a day, a region and a service.
final class SigningKeys: Sendable {
    struct Scope: Hashable {
        let day: String
        let region: String
        let service: String
        let accessKeyID: String
        /// Part of what is compared: two secrets of one access key id must never share a signing key.
        let secret: Secret
    }

    static let limit = 32
    let known = Mutex<[Scope: [UInt8]]>([:])
}

/// The hash of a body as it enters the signature.
struct PayloadHash: Sendable, Hashable {
    /// Hex, or a word of S3.
    let text: String

    /// The body isn't covered by the signature; S3 only.
    static let unsigned = PayloadHash(text: "UNSIGNED-PAYLOAD")

    /// A hash that is known already.
    static func known(_ hex: String) -> PayloadHash { PayloadHash(text: hex) }

    static func of(_ bytes: some Sequence<UInt8>) throws -> PayloadHash {
        PayloadHash(text: Hex.encode(try HashFunction.sha256.hash(bytes)))
    }

    /// The hash for a request's body. A streamed one is read through once, unless S3 over TLS lets it go unsigned.
    static func of(_ body: HTTPBody, allowsUnsigned: Bool) async throws -> PayloadHash {
        switch body {
        case .none: return try of([])
        case .bytes(let bytes): return try of(bytes)
        case .stream(_, let open):
            if allowsUnsigned { return .unsigned }
            let reader = try await open()
            var digest = try Digest(.sha256)
            while let piece = try await reader.read(maximum: 1 << 20) { try digest.update(piece) }
            return PayloadHash(text: Hex.encode(try digest.finish()))
        }
    }
}
