/// One layer of settings: flags, `--set`, the env file, or the process environment.
package struct SettingLayer: Sendable {
    /// A value and where it came from, as messages tell it: `--region`, `env/default:3`, `environment AWS_REGION`.
    package struct Setting: Sendable, Hashable {
        package let value: String
        package let origin: String

        package init(value: String, origin: String) {
            self.value = value
            self.origin = origin
        }
    }

    /// The name of the layer.
    package let name: String
    /// The settings by name.
    package let values: [String: Setting]

    package init(name: String, values: [String: Setting]) {
        self.name = name
        self.values = values
    }
}
