/// How a transport reaches the network. Everything comes from the caller; the process's environment is never read.
package struct HTTPConfiguration: Sendable {
    /// PEM file with the certificate authorities to trust, or a folder of hashed ones (`AWS_CA_BUNDLE`); `nil` trusts
    /// the system's bundle.
    package var caBundle: String?
    /// Proxies for requests with `usesProxy`.
    package var proxies = ProxySettings()
    /// Connections to one host at a time; further requests wait for a free one. Each of `Transport.lanes` has as many.
    package var connectionsPerHost = 64

    package init() {}
}
