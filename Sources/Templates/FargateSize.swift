package import Support

/// The size of a Fargate task: CPU and memory come in fixed pairs.
///
/// The table is that of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html.
package struct FargateSize: Sendable, Hashable {
    /// CPU units; 1024 are one vCPU.
    package let cpu: Int
    /// Memory in MiB.
    package let memory: Int

    /// The CPU sizes in units, ascending, with the memory sizes in MiB that go with each.
    package static let table: [(cpu: Int, memory: [Int])] = [
        (256, [512, 1024, 2048]),
        (512, gigabytes(1...4)),
        (1024, gigabytes(2...8)),
        (2048, gigabytes(4...16)),
        (4096, gigabytes(8...30)),
        (8192, gigabytes(16...60, step: 4)),
        (16384, gigabytes(32...120, step: 8)),
    ]

    /// Reads a size as people and AWS write it: `256` or `.25 vCPU`, `512` or `0.5 GB` (bare numbers are units and MiB).
    /// - Throws: `Failure(.usage)` naming what is wrong and what is possible.
    package static func validate(cpu: String, memory: String) throws(Failure) -> FargateSize {
        let sizes = table.map { "\($0.cpu)" }.joined(separator: ", ")
        guard let units = amount(cpu, units: ["": 1, "vcpu": 1024, "vcpus": 1024]) else {
            throw Failure(.usage, "cpu '\(cpu)' is no size; Fargate has \(sizes) units (1024 are 1 vCPU)")
        }
        guard let row = table.first(where: { $0.cpu == units }) else {
            throw Failure(.usage, "cpu '\(cpu)': Fargate has \(sizes) units (1024 are 1 vCPU)")
        }
        let possible = "with cpu \(units) Fargate has \(list(row.memory)) MiB"
        guard let mebibytes = amount(memory, units: ["": 1, "mb": 1, "mib": 1, "gb": 1024, "gib": 1024]) else {
            throw Failure(.usage, "memory '\(memory)' is no size; \(possible)")
        }
        guard row.memory.contains(mebibytes) else {
            let fitting = table.filter { $0.memory.contains(mebibytes) }.map { "\($0.cpu)" }
            let hint =
                fitting.isEmpty
                ? nil : "\(mebibytes) MiB go with cpu \(fitting.joined(separator: ", "))"
            throw Failure(.usage, "memory '\(memory)': \(possible)", hint: hint)
        }
        return FargateSize(cpu: units, memory: mebibytes)
    }

    private static func gigabytes(_ range: ClosedRange<Int>, step: Int = 1) -> [Int] {
        stride(from: range.lowerBound, through: range.upperBound, by: step).map { $0 * 1024 }
    }

    /// Long rows by their ends and step: `8192 to 30720 in steps of 1024`.
    private static func list(_ memory: [Int]) -> String {
        guard memory.count > 4, let first = memory.first, let last = memory.last else {
            return memory.map { "\($0)" }.joined(separator: ", ")
        }
        return "\(first) to \(last) in steps of \(memory[1] - memory[0])"
    }

    /// A decimal number with a unit, in whole base units; nil when it isn't one or the units don't come out whole.
    private static func amount(_ text: String, units: [String: Int]) -> Int? {
        let text = text.filter { !$0.isWhitespace }.lowercased()
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let factor = units[String(text.dropFirst(digits.count))], digits.contains(where: \.isNumber) else {
            return nil
        }
        // AWS writes `.25 vCPU` and `1.GB`; Swift wants digits on both sides of the point.
        let number = (digits.hasPrefix(".") ? "0" : "") + digits + (digits.hasSuffix(".") ? "0" : "")
        guard let scaled = Double(number).map({ $0 * Double(factor) }) else { return nil }
        guard scaled == scaled.rounded(), scaled > 0, scaled < 1e9 else { return nil }
        return Int(scaled)
    }
}
