/// One layer of settings: command-line flags, `--set`, the env file, the process environment.
package struct SettingLayer: Sendable {
    /// A value and where it was written.
    package struct Setting: Sendable, Hashable {
        package let value: String
        /// For messages: `--region`, `env/default:3`, `environment AWS_REGION`.
        package let origin: String

        package init(value: String, origin: String) {
            self.value = value
            self.origin = origin
        }
    }

    /// For messages: `command line`, `env file env/default`, `environment`.
    package let name: String
    package let values: [String: Setting]

    package init(name: String, values: [String: Setting]) {
        self.name = name
        self.values = values
    }

    /// A value that is there and not empty; an empty one counts as not set, as AWS's own tools have it.
    func setting(_ name: String) -> Setting? {
        guard let setting = values[name], !setting.value.isEmpty else { return nil }
        return setting
    }
}
