internal import FoundationEssentials
internal import Support
internal import Synchronization

/// The settings that decide who calls AWS, where and how: layers of named values, then the profile files.
///
/// The profile files are read when something first needs them and then kept by all copies; building a value of this type
/// reads nothing.
package struct AWSSettings: Sendable {
    /// Gives a file's text, `nil` when there is no such file.
    package typealias FileReader = @Sendable (String) throws -> String?

    /// Highest first.
    let layers: [SettingLayer]
    let home: String?
    let readFile: FileReader
    /// What reading the profile files gave.
    private let known = KnownProfile()

    /// - Parameters:
    ///   - layers: highest first.
    ///   - home: the user's home directory, for `~/.aws`; `nil`: no profile files unless named by settings.
    package init(layers: [SettingLayer], home: String?, readFile: @escaping FileReader = AWSSettings.readRealFile) {
        self.layers = layers
        self.home = home
        self.readFile = readFile
    }

    /// The profile in force, from the files at the first call. See `findProfile`.
    func profile() throws -> Profile? {
        try known.result.withLock { result in
            let found = result ?? Result { try findProfile() }
            result = found
            return found
        }
        .get()
    }

    /// The value of the highest layer that has one; an empty value counts as not set.
    package func value(_ name: String) -> SettingLayer.Setting? {
        for layer in layers { if let setting = layer.setting(name) { return setting } }
        return nil
    }

    /// The first of several names that the highest layer naming any of them has.
    func value(anyOf names: [String]) -> SettingLayer.Setting? {
        for layer in layers {
            for name in names { if let setting = layer.setting(name) { return setting } }
        }
        return nil
    }

    /// How often one call is tried in all, the first attempt included.
    func maximumAttempts() throws -> Int {
        guard let setting = try value("AWS_MAX_ATTEMPTS") ?? profile()?.setting("max_attempts") else {
            return try retryMode().attempts
        }
        guard let count = Int(setting.value), (1...100).contains(count) else {
            throw Failure(
                .usage,
                "'\(setting.value)' (\(setting.origin)) is not a number of attempts: a whole number from 1 to 100")
        }
        return count
    }

    /// The file of certificate authorities that TLS trusts, when one is set.
    /// - Throws: `Failure` for unreadable profile files.
    package func certificateBundle() throws -> SettingLayer.Setting? {
        guard let found = try value("AWS_CA_BUNDLE") ?? profile()?.setting("ca_bundle") else { return nil }
        return SettingLayer.Setting(value: expandHome(found.value), origin: found.origin)
    }

    /// Reads a file of this machine.
    package static let readRealFile: FileReader = { path in
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    /// `~/` replaced by the home directory.
    func expandHome(_ path: String) -> String {
        guard let home, path == "~" || path.hasPrefix("~/") else { return path }
        return home + path.dropFirst()
    }
}

/// The outcome of looking for the profile; `nil` before the first look.
private final class KnownProfile: Sendable {
    let result = Mutex<Result<Profile?, any Error>?>(nil)
}
