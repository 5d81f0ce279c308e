import Support
import Testing

@testable import AWS

struct INIFileTests {
    @Test func readsSectionsValuesCommentsAndNesting() throws {
        let file = try INIFile(
            """
            # comment
            [default]
            region = eu-west-1   # behind a value
            Aws_Access_Key_Id=AK#ID ; both signs
            ; comment
            empty =
            [ profile\t dev ]\r
            s3 =
              addressing_style = path
            # comment in between
              max_concurrent_requests=20

            output = json
            [services local]
            ecs =
                endpoint_url = http://127.0.0.1:4566/?a=b
            """, path: "config")
        #expect(file.sections.keys.sorted() == ["default", "profile dev", "services local"])
        let main = try #require(file.sections["default"]?.values)
        #expect(main["region"]?.text == "eu-west-1")
        #expect(main["region"]?.line == 3)
        #expect(main["aws_access_key_id"]?.text == "AK#ID")
        #expect(main["empty"]?.text == "")
        let dev = try #require(file.sections["profile dev"]?.values)
        #expect(dev["s3"]?.nested.mapValues(\.text) == ["addressing_style": "path", "max_concurrent_requests": "20"])
        #expect(dev["output"]?.text == "json")
        #expect(
            file.sections["services local"]?.values["ecs"]?.nested["endpoint_url"]?.text == "http://127.0.0.1:4566/?a=b"
        )
    }

    @Test func sectionsOfOneNameAreJoined() throws {
        let file = try INIFile("[a]\nx=1\n[b]\n[a]\ny=2\nx=3", path: "p")
        #expect(file.sections["a"]?.values.mapValues(\.text) == ["x": "3", "y": "2"])
    }

    @Test(arguments: [
        ("x = 1", "p:1: a line before the first [section]"), ("[a]\nnonsense", "p:2: expected 'name = value'"),
        ("[a", "p:1: '[' without ']'"), ("[a]\n\n= 3", "p:3: a value without a name"),
    ])
    func namesTheLineOfAFault(text: String, message: String) {
        let failure = #expect(throws: Failure.self) { try INIFile(text, path: "p") }
        #expect(failure?.kind == .badInput)
        #expect(failure?.message == message)
    }
}
