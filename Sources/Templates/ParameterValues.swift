package import Support

/// A value that somebody gave for a template's parameter.
package struct GivenValue: Sendable {
    package let name: String
    package let value: String
    /// Where it came from, for messages: `--set`, `env/default:3`.
    package let origin: String

    package init(name: String, value: String, origin: String) {
        self.name = name
        self.value = value
        self.origin = origin
    }
}

/// A parameter as it is sent to CloudFormation.
package struct ResolvedParameter: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case text(String)
        /// A parameter declared NoEcho.
        case secret(Secret)
        /// The value that the stack has already (`UsePreviousValue`).
        case previous
    }

    package let name: String
    package let value: Value

    package init(name: String, value: Value) {
        self.name = name
        self.value = value
    }
}

/// Checks given values against a template before anything is sent.
package enum ParameterValues {
    /// The parameters to send, in the order of the template.
    ///
    /// Parameters that are not given keep the value the stack has; where it has none they are left to their default.
    /// - Parameters:
    ///   - values: highest layer first; of several values of one name the first counts.
    ///   - existing: names of the parameters that the stack has already; empty when it is created.
    /// - Throws: `Failure(.usage)` for an unknown name (naming the nearest), a required parameter without value, and a
    ///   value that breaks the parameter's constraints. Secret values are never shown.
    package static func resolve(
        template: Template, values: [GivenValue], existing: Set<String> = []
    ) throws(Failure) -> [ResolvedParameter] {
        var given: [String: GivenValue] = [:]
        for value in values {
            guard template.parameter(value.name) != nil else { throw unknown(value, in: template) }
            if given[value.name] == nil { given[value.name] = value }
        }
        var resolved: [ResolvedParameter] = []
        var missing: [TemplateParameter] = []
        for parameter in template.parameters {
            if let value = given[parameter.name] {
                if let fault = fault(of: value.value, for: parameter) {
                    let shown = parameter.noEcho ? "****" : "'\(value.value)'"
                    throw Failure(
                        .usage, "parameter \(parameter.name) (\(value.origin)): \(shown) \(fault)",
                        hint: parameter.description.map { "\(parameter.name): \($0)" })
                }
                resolved.append(
                    ResolvedParameter(
                        name: parameter.name,
                        value: parameter.noEcho ? .secret(Secret(value.value)) : .text(value.value)))
            } else if existing.contains(parameter.name) {
                resolved.append(ResolvedParameter(name: parameter.name, value: .previous))
            } else if parameter.defaultValue == nil {
                missing.append(parameter)
            }
        }
        if let first = missing.first {
            let names = missing.map(\.name).joined(separator: ", ")
            throw Failure(
                .usage, "\(template.name) needs a value for \(names)",
                hint: first.description.map { "\(first.name): \($0)" })
        }
        return resolved
    }

    private static func unknown(_ value: GivenValue, in template: Template) -> Failure {
        let names = template.parameters.map(\.name)
        let hint =
            Suggestion.nearest(to: value.name, in: names).map { "did you mean \($0)?" }
            ?? (names.isEmpty ? "it has no parameters" : "its parameters are \(names.joined(separator: ", "))")
        return Failure(.usage, "\(template.name) has no parameter \(value.name) (\(value.origin))", hint: hint)
    }

    // MARK: Constraints

    /// Why a value is refused, to follow the value in a message; nil when it is good as far as can be known here.
    private static func fault(of value: String, for parameter: TemplateParameter) -> String? {
        guard value.utf8.count <= 4096 else { return "has \(value.utf8.count) bytes, at most 4096 are allowed" }
        // The constraints of these hold for what CloudFormation reads out of the parameter store.
        if parameter.type.hasPrefix("AWS::SSM::Parameter::Value<") { return nil }
        let isList = parameter.type == "CommaDelimitedList" || parameter.type.hasPrefix("List<")
        let members = isList ? value.split(separator: ",", omittingEmptySubsequences: false).map(trimmed) : [value]
        let isNumber = parameter.type == "Number" || parameter.type == "List<Number>"
        for member in members {
            if !parameter.allowedValues.isEmpty, !allows(member, parameter.allowedValues, asNumber: isNumber) {
                return "is not one of \(parameter.allowedValues.joined(separator: ", "))"
            }
            if let fault = isNumber ? numberFault(member, parameter) : textFault(member, parameter, isList: isList) {
                return fault
            }
        }
        return nil
    }

    private static func allows(_ member: String, _ allowed: [String], asNumber: Bool) -> Bool {
        allowed.contains(member) || asNumber && allowed.contains { Double($0) != nil && Double($0) == Double(member) }
    }

    private static func numberFault(_ member: String, _ parameter: TemplateParameter) -> String? {
        guard let number = Double(member), number.isFinite else { return "is no number" }
        if let least = parameter.minValue, number < least { return "is less than \(short(least))" }
        if let greatest = parameter.maxValue, number > greatest { return "is more than \(short(greatest))" }
        return nil
    }

    private static func textFault(_ member: String, _ parameter: TemplateParameter, isList: Bool) -> String? {
        if !isList {
            let count = member.unicodeScalars.count
            if let least = parameter.minLength, count < least {
                return "has \(count) characters, at least \(least) are needed"
            }
            if let most = parameter.maxLength, count > most {
                return "has \(count) characters, at most \(most) are allowed"
            }
        }
        guard let pattern = parameter.allowedPattern else { return nil }
        // CloudFormation's patterns are Java's; one that Swift can't read is left to CloudFormation.
        guard let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar) else { return nil }
        guard (try? regex.wholeMatch(in: member)) == nil else { return nil }
        return parameter.constraintDescription ?? "does not match \(pattern)"
    }

    private static func short(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\(number)"
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
