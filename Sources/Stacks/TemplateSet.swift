package import AWSServices
internal import Support
package import Templates

/// Templates that make one project together: its base stack first, the services on it second.
package struct TemplateSet: Sendable {
    /// The word that names it: `dagster`.
    package let name: String
    /// What services need before they can start: repositories, bucket, names, database.
    package let base: Template
    package let services: Template

    package init(name: String, base: Template, services: Template) {
        self.name = name
        self.base = base
        self.services = services
    }

    /// The names of the two templates, as files without `.yaml` or embedded.
    package static func parts(of name: String) -> (base: String, services: String) {
        (name + "-base", name + "-services")
    }

    /// The set of that name that fgctl brings along; `nil` when there is none.
    package static func embedded(_ name: String) throws -> TemplateSet? {
        let parts = parts(of: name)
        guard Template.embeddedNames.contains(parts.base), Template.embeddedNames.contains(parts.services) else {
            return nil
        }
        return TemplateSet(
            name: name, base: try Template.embedded(parts.base), services: try Template.embedded(parts.services))
    }

    /// Which of the given values are for which template; one that both declare is for both.
    ///
    /// - Throws: `Failure` of kind `usage` for a parameter that neither has.
    package func divided(_ values: [GivenValue]) throws -> (base: [GivenValue], services: [GivenValue]) {
        for value in values where base.parameter(value.name) == nil && services.parameter(value.name) == nil {
            let names = (base.parameters + services.parameters).map(\.name)
            throw Failure(
                .usage, "the templates of \(name) have no parameter \(value.name) (\(value.origin))",
                hint: Suggestion.nearest(to: value.name, in: names).map { "did you mean \($0)?" }
                    ?? "'fgctl cf-render' and 'fgctl cf-render --base' show those there are")
        }
        return (
            values.filter { base.parameter($0.name) != nil }, values.filter { services.parameter($0.name) != nil }
        )
    }
}

/// What `cf-create-stack` and `cf-update-stack` do with the base stack before they come to the services; pure.
package enum BaseStep: Sendable, Hashable {
    /// It is not there, or only as what a failed creation left.
    case create
    /// It is there: it is brought to what is asked, which may be nothing.
    case bringUpToDate

    package init(_ stack: CloudFormation.Stack?) {
        switch stack?.stackStatus {
        case nil, .reviewInProgress?, .deleteComplete?, .rollbackComplete?, .createFailed?, .rollbackFailed?,
            .createInProgress?:
            self = .create
        default: self = .bringUpToDate
        }
    }
}
