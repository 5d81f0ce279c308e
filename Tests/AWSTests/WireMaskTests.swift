import HTTP
import Testing

@testable import AWS

struct WireMaskTests {
    private func shown(_ text: String, _ service: Service, isAnswer: Bool = false) -> String? {
        WireMask.body(Array(text.utf8), service.wire, isAnswer: isAnswer)
    }

    @Test func headersWithSecretsAreMasked() {
        #expect(
            WireMask.headers([
                "Authorization": "AWS4-HMAC-SHA256 Credential=AK/x, SignedHeaders=host, Signature=abc",
                "authorization": "Bearer abc", "X-Amz-Security-Token": "abc", "x-amz-sso_bearer_token": "abc",
                "Set-Cookie": "abc", "X-Amz-Date": "20260131T120000Z",
            ]) == [
                "Authorization: AWS4-HMAC-SHA256 Credential=AK/x, SignedHeaders=host, ****",
                "authorization: ****", "X-Amz-Security-Token: ****", "x-amz-sso_bearer_token: ****", "Set-Cookie: ****",
                "X-Amz-Date: 20260131T120000Z",
            ])
    }

    @Test func jsonIsMaskedByNames() {
        let body =
            #"{"password":"p","clientToken":"c","nextToken":"n","list":[{"name":"DB","value":"p"}],"SecretString":"p","#
            + #""deep":{"dbPassword":{"x":"p"},"n":1,"b":false,"z":null},"sessionToken":null}"#
        #expect(
            shown(body, Samples.ecs)
                == #"{"SecretString":"****","clientToken":"c","deep":{"b":false,"dbPassword":"****","n":1,"z":null},"#
                + #""list":[{"name":"DB","value":"****"}],"nextToken":"n","password":"****","sessionToken":null}"#)
    }

    @Test func documentsInsideTextsAreMaskedToo() {
        #expect(
            shown(#"{"Input":"{\"environment\":[{\"name\":\"A\",\"value\":\"p\"}]}","Other":"{p"}"#, Samples.scheduler)
                == #"{"Input":"{\"environment\":[{\"name\":\"A\",\"value\":\"****\"}]}","Other":"<2 bytes>"}"#)
    }

    @Test func commandsOfContainersAreMasked() {
        #expect(
            shown(#"{"command":["echo","--password","pw"],"entryPoint":["sh","-c","pw"],"n":1}"#, Samples.ecs)
                == #"{"command":["****"],"entryPoint":["****"],"n":1}"#)
        #expect(
            shown(#"{"Input":"{\"containerOverrides\":[{\"command\":[\"echo\",\"pw\"]}]}"}"#, Samples.scheduler)
                == #"{"Input":"{\"containerOverrides\":[{\"command\":[\"****\"]}]}"}"#)
    }

    @Test func formsAreMaskedByNames() {
        let body =
            "Action=CreateChangeSet&Parameters.member.1.ParameterKey=Db&Parameters.member.1.ParameterValue=p"
            + "&ClientToken=c&WebIdentityToken=p&TemplateBody=p&Tags.member.1.Value=p&Name=%C3%A4"
        #expect(
            shown(body, Samples.cloudFormation)
                == "Action=CreateChangeSet&Parameters.member.1.ParameterKey=Db&Parameters.member.1.ParameterValue=****"
                + "&ClientToken=c&WebIdentityToken=****&TemplateBody=****&Tags.member.1.Value=****&Name=%C3%A4")
    }

    @Test func xmlIsMaskedByNames() {
        #expect(
            shown("<R><Credentials><A>p</A></Credentials><Message>m\nn</Message></R>", Samples.sts, isAnswer: true)
                == "<R><Credentials>****</Credentials><Message>m n</Message></R>")
    }

    @Test func pagesOfProxiesAreShownWholeUnlessTheyMayHoldSecrets() {
        let page = "<html>\n<body>" + String(repeating: "x", count: 5000)
        #expect(shown(page, Samples.ecs, isAnswer: true) == page.replacing("\n", with: " "))
        #expect(shown(page, Samples.s3, isAnswer: true) == page.replacing("\n", with: " "))
        let cut = #"{"Parameter":{"SecretString":"hunter2"#
        #expect(
            shown(cut, Samples.ecs, isAnswer: true)
                == "<\(cut.utf8.count) bytes that can't be read, not shown: there may be secrets in them>")
    }

    @Test func longValuesAndObjectsAreNotShown() {
        let long = String(repeating: "x", count: 400)
        #expect(shown(#"{"a":"\#(long)"}"#, Samples.ecs) == #"{"a":"\#(long.prefix(300))… (400 characters)"}"#)
        #expect(shown("anything", Samples.s3) == "<8 bytes>")
        #expect(WireMask.body(.stream(length: 9) { OneShotReader([]) }, Samples.s3.wire) == "<9 bytes>")
        #expect(WireMask.body(.none, Samples.s3.wire) == nil)
    }
}
