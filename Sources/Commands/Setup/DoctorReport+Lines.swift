internal import Setup

extension DoctorReport {
    /// For people.
    var lines: [String] {
        let width = services.map(\.service.count).max() ?? 0
        let reach = services.compactMap { $0.endpoint?.count }.max() ?? 0
        var lines = [
            "region       \(region.map { "\($0)  (\(regionSource ?? ""))" } ?? "none")",
            "credentials  \(credentials)",
            "env file     \(envFile ?? "none")",
            "",
        ]
        lines += services.map { place in
            let name = place.service.padded(to: width)
            guard let endpoint = place.endpoint else { return "\(name)  none: \(place.error ?? "")" }
            return "\(name)  \(endpoint.padded(to: reach))  \(place.source ?? "")"
        }
        lines.append("")
        for check in checks {
            lines.append("\(check.status.rawValue.padded(to: 7))  \(check.check): \(check.detail)")
            if let advice = check.advice { lines.append("         \(advice)") }
        }
        return lines
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
