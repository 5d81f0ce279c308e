/// The platform that an image is built for, one that Fargate's Linux tasks run on.
///
/// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
package enum ImagePlatform: String, Sendable, CaseIterable {
    case amd64 = "linux/amd64"
    case arm64 = "linux/arm64"

    /// Reads docker's spelling and the names that uname and others use; `nil` for what Fargate doesn't run.
    package init?(_ text: String) {
        switch text.lowercased() {
        case "linux/amd64", "linux/x86_64", "amd64", "x86_64": self = .amd64
        case "linux/arm64", "linux/arm64/v8", "linux/aarch64", "arm64", "aarch64": self = .arm64
        default: return nil
        }
    }
}
