internal import Glibc

/// Where trusted certificate authorities come from.
enum TrustStore {
    case file(String)
    case folder(String)
    /// What libcurl was built with.
    case builtIn

    private static let systemBundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// - Parameter bundle: the configured file or folder; `nil` looks for the system's file, since libcurl keeps parsed
    ///   certificates only for a file alone and otherwise reads all of them for each connection.
    init(_ bundle: String?) {
        if let bundle {
            var status = stat()
            let isFolder = stat(bundle, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            self = isFolder ? .folder(bundle) : .file(bundle)
        } else {
            self = Self.systemBundles.first { access($0, R_OK) == 0 }.map { .file($0) } ?? .builtIn
        }
    }
}
