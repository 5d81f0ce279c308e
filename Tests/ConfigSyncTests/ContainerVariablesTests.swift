import AWSServices
import ConfigSync
import FoundationEssentials
import Testing

struct ContainerVariablesTests {
    private func definition(_ family: String, _ containers: String) throws -> ECS.TaskDefinition {
        try JSONDecoder().decode(
            ECS.TaskDefinition.self,
            from: Data(#"{"family":"\#(family)","revision":3,"containerDefinitions":[\#(containers)]}"#.utf8))
    }

    private func webserver() throws -> ECS.TaskDefinition {
        try definition(
            "web",
            #"""
            {"name":"config","essential":false,"environment":[{"name":"S3_BUCKET","value":"b"}]},
            {"name":"webserver","environment":[{"name":"A","value":"1"}],"secrets":[{"name":"B","valueFrom":"arn"}]}
            """#)
    }

    @Test func variablesAndSecretsOfEssentialContainersCount() throws {
        let found = ContainerVariables.of([try webserver()])
        #expect(
            found.map(\.variables) == [.init(origin: "task definition web:3, container webserver", names: ["A", "B"])])
        #expect(found.map(\.hasFiles) == [false])
    }

    @Test func readersComeBeforeOthersAndANameBeforeAll() throws {
        let code = try definition("code", #"{"name":"usercode","environmentFiles":[{"value":"arn","type":"s3"}]}"#)
        let both = [try webserver(), code]
        let readers: Set<String> = ["webserver", "daemon"]
        #expect(ContainerVariables.of(both, readers: readers).map(\.variables.origin).count == 1)
        #expect(ContainerVariables.of([code], readers: readers).map(\.hasFiles) == [true])
        #expect(ContainerVariables.of(both, container: "usercode", readers: readers).count == 1)
        #expect(ContainerVariables.of(both, container: "nobody").isEmpty)
    }
}
