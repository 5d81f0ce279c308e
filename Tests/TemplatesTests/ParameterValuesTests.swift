import Support
import Templates
import Testing

struct ParameterValuesTests {
    private static let body = """
        Parameters:
          Image: {Type: String, Description: the image}
          Cpu: {Type: String, Default: "256", AllowedValues: ["256", "512"]}
          Days: {Type: Number, Default: 30, MinValue: 1, MaxValue: 365}
          Ratio: {Type: Number, Default: 1, AllowedValues: [1, 2.5]}
          Name: {Type: String, Default: ab, MinLength: 2, MaxLength: 4}
          Code: {Type: String, Default: a1, AllowedPattern: "[a-z][0-9]+"}
          Bucket: {Type: String, Default: "", AllowedPattern: "^$|^[a-z]{3,}$", ConstraintDescription: must be three letters}
          Zones: {Type: CommaDelimitedList, Default: a, AllowedValues: [a, b, c]}
          Numbers: {Type: List<Number>, Default: "1", MaxValue: 9}
          Password: {Type: String, NoEcho: true, MinLength: 8, Default: "********"}
          FromStore: {Type: "AWS::SSM::Parameter::Value<String>", Default: x, AllowedValues: [y]}
          Odd: {Type: String, Default: x, AllowedPattern: "(?<!x"}
        Resources:
          Topic: {Type: AWS::SNS::Topic}
        """

    private func resolve(_ values: [(String, String)], existing: Set<String> = []) throws -> [ResolvedParameter] {
        try ParameterValues.resolve(
            template: Template(name: "t.yaml", body: Self.body),
            values: values.map { GivenValue(name: $0.0, value: $0.1, origin: "--set") }, existing: existing)
    }

    @Test func sendsWhatIsGivenInTheOrderOfTheTemplate() throws {
        let resolved = try resolve([("Days", "7"), ("Image", "i:1")])
        #expect(
            resolved == [
                ResolvedParameter(name: "Image", value: .text("i:1")),
                ResolvedParameter(name: "Days", value: .text("7")),
            ])
    }

    @Test func theFirstOfEqualNamesWins() throws {
        #expect(try resolve([("Image", "flag"), ("Image", "file")]).map(\.value) == [.text("flag")])
    }

    @Test func othersKeepWhatTheStackHas() throws {
        let resolved = try resolve([("Cpu", "512")], existing: ["Image", "Cpu", "Days", "Gone"])
        #expect(resolved.map(\.name) == ["Image", "Cpu", "Days"])
        #expect(resolved.map(\.value) == [.previous, .text("512"), .previous])
    }

    @Test(
        arguments: [
            ("Cpu", "300", "parameter Cpu (--set): '300' is not one of 256, 512"),
            ("Days", "x", "parameter Days (--set): 'x' is no number"),
            ("Days", "", "parameter Days (--set): '' is no number"),
            ("Days", "0", "parameter Days (--set): '0' is less than 1"),
            ("Days", "365.5", "parameter Days (--set): '365.5' is more than 365"),
            ("Ratio", "2", "parameter Ratio (--set): '2' is not one of 1, 2.5"),
            ("Name", "a", "parameter Name (--set): 'a' has 1 characters, at least 2 are needed"),
            ("Name", "abcde", "parameter Name (--set): 'abcde' has 5 characters, at most 4 are allowed"),
            ("Code", "xa1x", "parameter Code (--set): 'xa1x' does not match [a-z][0-9]+"),
            ("Bucket", "a", "parameter Bucket (--set): 'a' must be three letters"),
            ("Zones", "a,d", "parameter Zones (--set): 'a,d' is not one of a, b, c"),
            ("Numbers", "1,10", "parameter Numbers (--set): '1,10' is more than 9"),
            ("Numbers", "1,", "parameter Numbers (--set): '1,' is no number"),
            ("Password", "short", "parameter Password (--set): **** has 5 characters, at least 8 are needed"),
            ("Image", String(repeating: "é", count: 2049), nil),
            ("Memory", "1", "t.yaml has no parameter Memory (--set)"),
        ] as [(String, String, String?)])
    func refusesValuesThatBreakTheConstraints(name: String, value: String, message: String?) {
        let failure = #expect(throws: Failure.self) { try resolve([("Image", "i:1"), (name, value)].reversed()) }
        #expect(failure?.kind == .usage)
        if let message {
            #expect(failure?.message == message)
        } else {
            #expect(failure?.message.hasSuffix("has 4098 bytes, at most 4096 are allowed") == true)
        }
    }

    @Test(arguments: [
        ("Cpu", "512"), ("Days", "365"), ("Ratio", "2.50"), ("Name", "öäü"), ("Code", "a123"), ("Bucket", ""),
        ("Bucket", "abc"), ("Zones", "a, c"), ("Numbers", "1, 2,9"), ("FromStore", "/some/name"), ("Odd", "anything"),
    ])
    func acceptsValuesWithinTheConstraints(name: String, value: String) throws {
        #expect(
            try resolve([("Image", "i:1"), (name, value)]).contains { $0.name == name && $0.value == .text(value) })
    }

    @Test func secretsStaySecret() throws {
        let resolved = try resolve([("Image", "i:1"), ("Password", "hunter2hunter2")])
        #expect(resolved.last?.value == .secret(Secret("hunter2hunter2")))
        #expect(!"\(resolved)".contains("hunter2"))
    }

    @Test func namesTheNearestParameter() {
        let near = #expect(throws: Failure.self) { try resolve([("Image", "i"), ("Buckte", "x")]) }
        #expect(near?.hint == "did you mean Bucket?")
        let far = #expect(throws: Failure.self) { try resolve([("Image", "i"), ("Whatever", "x")]) }
        #expect(far?.hint?.hasPrefix("its parameters are Image, Cpu, Days") == true)
    }

    @Test func namesWhatIsMissing() {
        let failure = #expect(throws: Failure.self) { try resolve([]) }
        #expect(failure?.message == "t.yaml needs a value for Image")
        #expect(failure?.hint == "Image: the image")
    }
}
