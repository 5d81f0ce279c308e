import Support
import Templates
import Testing

struct TemplateTests {
    private static let resources = "Resources:\n  A: {Type: AWS::SNS::Topic}\n"

    private func template(_ body: String) throws -> Template { try Template(name: "t.yaml", body: body) }

    @Test func readsTheDeclarations() throws {
        let template = try template(
            """
            Description: what it is
            Parameters:
              First: {Type: Number, Default: 007, MinValue: 1, MaxValue: 10.5, Description: d, NoEcho: "true"}
              Second: {Type: String, AllowedValues: [1, true, x], AllowedPattern: a+, MinLength: 1, MaxLength: "3"}
            Conditions:
              Sure: !Equals [a, a]
            Resources:
              Bucket: {Type: AWS::S3::Bucket, Condition: Sure, DeletionPolicy: RetainExceptOnCreate}
              Role: {Type: AWS::IAM::Role}
            Outputs:
              B: {Value: !Ref Bucket}
              A: {Value: 1}
            """)
        #expect(template.description == "what it is")
        #expect(template.parameters.map(\.name) == ["First", "Second"])
        let first = try #require(template.parameter("First"))
        #expect(first.type == "Number")
        #expect(first.defaultValue == "007")
        #expect(first.noEcho)
        #expect(first.minValue == 1)
        #expect(first.maxValue == 10.5)
        #expect(first.description == "d")
        let second = try #require(template.parameter("Second"))
        #expect(second.defaultValue == nil)
        #expect(!second.noEcho)
        #expect(second.allowedValues == ["1", "true", "x"])
        #expect(second.allowedPattern == "a+")
        #expect(second.minLength == 1)
        #expect(second.maxLength == 3)
        #expect("\(second.mark)" == "t.yaml:4:3")
        #expect(template.resources.map(\.logicalID) == ["Bucket", "Role"])
        #expect(template.resources.first?.type == "AWS::S3::Bucket")
        #expect(template.resources.first?.condition == "Sure")
        #expect(template.resources.first?.deletionPolicy == "RetainExceptOnCreate")
        #expect(template.resources.last?.deletionPolicy == nil)
        #expect(template.outputs == ["B", "A"])
        #expect(template.transforms.isEmpty)
    }

    @Test func readsJSONTemplates() throws {
        let template = try template(
            #"{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"X": {"Ref": "T"}}}}}"#)
        #expect(template.resources.map(\.logicalID) == ["T"])
    }

    @Test(arguments: [
        ("- a\n", "1:1: a template is a mapping with Resources, this is a list"),
        ("", "1:1: a template is a mapping with Resources, this is nothing"),
        ("Outputs: {}\n", "1:1: the template has no Resources"),
        ("Resources: {}\n", "1:12: Resources is empty, a template has at least one"),
        ("Resources: []\n", "1:12: Resources must be a mapping, this is a list"),
        ("Resources:\n  A: x\n", "2:6: resource A must be a mapping, this is text"),
        ("Resources:\n  A:\n    Properties: {}\n", "2:3: resource A has no Type"),
        ("Resources:\n  A: {Type: Topic}\n", "2:13: the Type of resource A must be like AWS::ECS::Cluster"),
        (
            "Resources:\n  A-B: {Type: AWS::SNS::Topic}\n",
            "2:3: the name of resource A-B must be 1 to 255 letters and digits"
        ),
        (
            "Resources:\n  A: {Type: AWS::SNS::Topic, TopicName: x}\n",
            "2:30: resource A can't have TopicName; that may belong under Properties"
        ),
        (
            "Resources:\n  A: {Type: AWS::SNS::Topic, DeletionPolicy: Keep}\n",
            "2:46: DeletionPolicy of resource A must be one of Delete, Retain, RetainExceptOnCreate, Snapshot"
        ),
        (resources + "Ressources: {}\n", "3:1: a template has no section Ressources"),
        (
            "AWSTemplateFormatVersion: 2010-09-10\n" + resources,
            "1:27: AWSTemplateFormatVersion is always \"2010-09-09\""
        ),
        (resources + "Parameters:\n  P: {Default: x}\n", "4:3: parameter P has no Type"),
        (resources + "Parameters:\n  P: {Type: Strin}\n", "4:13: parameter P has the unknown Type Strin"),
        (
            resources + "Parameters:\n  P: {Type: String, AllowedValues: x}\n",
            "4:36: AllowedValues of parameter P is a list, this is text"
        ),
        (
            resources + "Parameters:\n  P: {Type: String, Default: [x]}\n",
            "4:30: Default of parameter P must be text, this is a list"
        ),
        (
            resources + "Parameters:\n  P: {Type: Number, MinValue: low}\n",
            "4:31: MinValue of parameter P must be a number"
        ),
        (resources + "Outputs:\n  O: {Export: x}\n", "4:3: output O has no Value"),
        (
            resources + "Outputs:\n  O: {Value: 1, Condition: C}\n",
            "4:28: condition C of output O stands not under Conditions"
        ),
        (resources + "  A: {Type: AWS::SNS::Topic}\n", "3:3: key A occurs twice, first in line 2, column 3"),
    ])
    func refusesWhatCloudFormationWouldRefuse(body: String, message: String) {
        let failure = #expect(throws: Failure.self) { try template(body) }
        #expect(failure?.message == "t.yaml:" + message)
        #expect(failure?.kind == .badInput)
    }

    @Test(arguments: [
        ("!Ref Buket", "Ref names Buket, which is no parameter or resource of this template"),
        ("{Ref: Buket}", "Ref names Buket, which is no parameter or resource of this template"),
        ("!GetAtt Buket.Arn", "GetAtt names Buket, which is no resource of this template"),
        ("!GetAtt [Buket, Arn]", "GetAtt names Buket, which is no resource of this template"),
        ("{\"Fn::GetAtt\": [Buket, Arn]}", "GetAtt names Buket, which is no resource of this template"),
        ("!Sub 'x${Buket}'", "Sub names Buket, which is no parameter or resource of this template"),
        ("!Sub ['x${Own}${ Buket }', {Own: 1}]", "Sub names Buket, which is no parameter or resource of this template"),
        ("!Sub '${Param.Arn}'", "Sub names Param, which is no resource of this template"),
        ("!If [Bukets, a, b]", "If names Bukets, which is no condition of this template"),
        ("!Join ['', [!Ref Buket]]", "Ref names Buket, which is no parameter or resource of this template"),
    ])
    func refusesReferencesToNothing(value: String, message: String) {
        let failure = #expect(throws: Failure.self) { try template(Self.referring(value)) }
        #expect(failure?.message.hasSuffix(message) == true)
        #expect(failure?.message.hasPrefix("t.yaml:8:") == true)
    }

    @Test(arguments: [
        "!Ref Bucket", "!Ref Param", "!Ref AWS::Region", "!GetAtt Bucket.Arn", "!GetAtt [Bucket, Arn]",
        "!Sub '${!Literal}${AWS::Region}${Bucket.Arn}${Param}$'", "!Sub ['${Own}', {Own: 1}]", "!If [Buckets, a, b]",
        "!FindInMap [A, B, C]", "!Sub '${unclosed'",
    ])
    func acceptsReferencesToWhatExists(value: String) throws {
        #expect(try template(Self.referring(value)).outputs == ["Out"])
    }

    private static func referring(_ value: String) -> String {
        """
        Parameters:
          Param: {Type: String}
        Conditions:
          Buckets: !Equals [!Ref Param, x]
        Resources:
          Bucket: {Type: AWS::S3::Bucket}
        Outputs:
          Out: {Value: \(value)}
        """
    }

    @Test func suggestsTheNearestName() {
        let failure = #expect(throws: Failure.self) { try template(Self.referring("!Ref Buckt")) }
        #expect(failure?.hint == "did you mean Bucket?")
    }

    @Test func refusesDependenciesOnNothing() {
        let body = "Resources:\n  A: {Type: AWS::SNS::Topic, DependsOn: [A, B]}\n"
        let failure = #expect(throws: Failure.self) { try template(body) }
        #expect(failure?.message == "t.yaml:2:45: DependsOn names B, which is no resource of this template")
    }

    @Test func leavesMacrosToCloudFormation() throws {
        let template = try template(
            """
            Transform: [AWS::LanguageExtensions, {Name: AWS::Include, Parameters: {Location: x}}]
            Resources:
              Fn::ForEach::Topics: [Id, [A, B], {"${Id}": {Type: AWS::SNS::Topic}}]
              B: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref Made, DependsOn: Made}
            """)
        #expect(template.transforms == ["AWS::LanguageExtensions", "AWS::Include"])
        #expect(template.resources.map(\.logicalID) == ["B"])
    }

    @Test func knowsTheLimitsOfSize() throws {
        func body(_ size: Int) -> String {
            Self.resources + "#" + String(repeating: "x", count: size - Self.resources.utf8.count - 1)
        }
        let inline = try template(body(51_200))
        #expect(inline.size == 51_200)
        #expect(inline.fitsInline)
        #expect(try !template(body(51_201)).fitsInline)
        #expect(try template(body(1_000_000)).size == 1_000_000)
        let failure = #expect(throws: Failure.self) { try template(body(1_000_001)) }
        #expect(failure?.message == "t.yaml: the template has 1000001 bytes, CloudFormation takes at most 1000000")
    }

    @Test func servicesAreKnownByTheParametersThatDeployThem() throws {
        let template = try template(
            """
            Parameters: {Tag: {Type: String}, Config: {Type: String}, Count: {Type: String}, Cpu: {Type: String}, Name: {Type: String}}
            Conditions:
              Small: !Equals [!Ref Cpu, "256"]
              Tiny: !And [!Condition Small, !Equals [a, a]]
            Resources:
              Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Ref Name}}
              OneTask: {Type: AWS::ECS::TaskDefinition, Properties: {Image: !Sub "r/one:${Tag}", Env: [{Value: {Ref: Config}}]}}
              TwoTask: {Type: AWS::ECS::TaskDefinition, Properties: {Image: {"Fn::Join": [":", [r, !Ref Config]]}, Cpu: !If [Tiny, 1, 2]}}
              One: {Type: AWS::ECS::Service, Properties: {Cluster: !Ref Cluster, TaskDefinition: !Ref OneTask}}
              Two: {Type: AWS::ECS::Service, Properties: {Cluster: !GetAtt Cluster.Arn, TaskDefinition: {"Fn::GetAtt": [TwoTask, Arn]}, DesiredCount: !Ref Count}}
              Batch: {Type: AWS::ECS::TaskDefinition, Properties: {Image: !Sub "r/one:${Tag}"}}
            """)
        let expected = [
            "Tag": ["One"], "Config": ["One", "Two"], "Count": ["Two"], "Cpu": ["Two"], "Name": [], "Other": [],
        ]
        for (parameter, services) in expected {
            #expect(template.services(deployedBy: [parameter]) == services, "\(parameter)")
        }
    }

    @Test func conditionsInACircleEnd() throws {
        let body =
            "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources:\n"
            + "  S: {Type: AWS::ECS::Service, Condition: A}\n"
        #expect(try template(body).services(deployedBy: ["P"]) == [])
    }
}
