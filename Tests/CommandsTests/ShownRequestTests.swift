import Testing

@testable import Commands

struct ShownRequestTests {
    private struct Request: Encodable {
        struct Variable: Encodable {
            let name: String
            let value: String
        }
        let count = 3
        let ratio = 1.5
        let on = true
        let nothing: String? = nil
        let environment = [Variable(name: "DB_PASSWORD", value: "hidden"), Variable(name: "MODE", value: "full")]
        let input = #"{"containerOverrides":[{"environment":[{"name":"API_TOKEN","value":"hidden"}],"name":"x"}]}"#
        let broken = "{no document"
    }

    @Test func secretLookingVariablesAreMasked() throws {
        let text = try ShownRequest.json(Request())
        #expect(!text.contains("hidden"))
        #expect(text.contains(#"\"value\":\"****\""#))
        #expect(text.contains(#""value" : "full""#))
        #expect(text.contains(#""count" : 3"#))
        #expect(text.contains(#""ratio" : 1.5"#))
        #expect(text.contains(#""on" : true"#))
        #expect(text.contains(#""broken" : "{no document""#))
    }
}
