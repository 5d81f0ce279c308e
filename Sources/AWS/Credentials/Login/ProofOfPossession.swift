internal import Crypto
internal import FoundationEssentials

/// A signed header by which a client shows that it holds the key a session was begun with (DPoP, RFC 9449).
struct ProofOfPossession: ~Copyable {
    private let key: P256PrivateKey

    init(key: consuming P256PrivateKey) { self.key = key }

    /// The proof for one POST.
    func header(url: String, at date: Date, id: String = UUID().uuidString.lowercased()) throws -> String {
        let point = try key.publicPoint()
        let jwk = #"{"kty":"EC","x":"\#(Self.encode(point.x))","y":"\#(Self.encode(point.y))","crv":"P-256"}"#
        let head = #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(jwk)}"#
        let claims = JSONWriter.write(
            .map(
                [
                    ("htm", .string("POST")), ("htu", .string(url)),
                    ("iat", .integer("\(Int(date.timeIntervalSince1970))")), ("jti", .string(id)),
                ], MemberShape()))
        let text = "\(Self.encode(Array(head.utf8))).\(Self.encode(claims))"
        return "\(text).\(Self.encode(try key.signature(of: Array(text.utf8))))"
    }

    /// Base64 for URLs, without padding (RFC 7515).
    private static func encode(_ bytes: [UInt8]) -> String {
        String(
            Data(bytes).base64EncodedString().compactMap { character -> Character? in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            })
    }
}
