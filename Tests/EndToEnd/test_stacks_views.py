"""cf-events, cf-status, cf-render, cf-create-deploy-role."""

import json

from parts import SMALL, WAITING, create, outputs_of, put_image, signal, stack_of


def test_events_of_the_last_operation(project, judge):
    missing = project.fgctl("cf-events").expect(1)
    assert f"events of stack {project.stack}: the stack does not exist" in missing.err
    create(project, project.stack, SMALL)
    text = project.fgctl("cf-events").expect(0).out.splitlines()
    assert f"CREATE_IN_PROGRESS AWS::CloudFormation::Stack {project.stack}" in text[0]
    assert text[-1].endswith(f"CREATE_COMPLETE AWS::CloudFormation::Stack {project.stack}")
    project.write("small.yaml", SMALL)
    project.fgctl("cf-update-stack", "--template", "small.yaml", "--parameter", "Colour=green").expect(0)
    last = project.fgctl("cf-events", "--stack", project.stack, "--output", "json").expect(0).json["events"]
    assert (last[0]["status"], last[-1]["status"]) == ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    every = project.fgctl("cf-events", "--all", "--output", "json").expect(0).json["events"]
    assert len(every) > len(last)
    assert {"id", "at", "logicalID", "type", "status"} <= set(every[0])
    assert project.fgctl("cf-events", "--follow").expect(0).out.splitlines()[-1].endswith(
        f"UPDATE_COMPLETE AWS::CloudFormation::Stack {project.stack}")


def test_following_ends_with_the_operation(project):
    put_image(project, "0.1")
    project.write("small.yaml", WAITING)
    running = project.start("cf-create-stack", "0.1", "--template", "small.yaml")
    running.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    following = project.start("cf-events", "--follow", "--output", "json")
    following.line(r'"CREATE_IN_PROGRESS","type":"AWS::CloudFormation::WaitCondition"')
    signal(project, "FAILURE", "the disk was full")
    running.wait().expect(1)
    result = following.wait().expect(1)
    assert "the disk was full" in result.err
    events = [json.loads(line) for line in result.out.splitlines() if line.startswith('{"at"')]
    assert len({event["id"] for event in events}) == len(events)
    assert events[-1]["status"] == "ROLLBACK_COMPLETE"


def test_status_counts_schedules(project):
    project.write_env(SUBNETS="subnet-0a", SECURITY_GROUPS="sg-0a")
    put_image(project, "0.1")
    project.fgctl("cf-create-stack", "0.1").expect(0)
    project.fgctl("schedule-create", "nightly", "0 0 * * ? *").expect(0)
    _, stack = project.fgctl("cf-status", "--output", "json").expect(0).json["stacks"]
    assert (stack["schedules"], stack["drift"]) == (1, "UNKNOWN")
    assert stack["lastChange"] >= stack["createdAt"]


def test_render_asks_nothing_of_aws(project, judge):
    result = project.fgctl("cf-render", "0.1").expect(0)
    assert f"# parameter ImageUri = {project.registry}/{project.image}:0.1" in result.out
    assert "AWS::ECS::TaskDefinition" in result.out
    plan = project.fgctl("cf-render", "env", "0.1", "--output", "json", "--parameter", "Memory=1024").expect(0).json
    assert plan["parameters"]["Memory"] == "1024"
    assert plan["tags"]["fgctl:network"] == project.parent_stack
    network = project.fgctl("cf-render", "--network").expect(0).out
    assert "AWS::EC2::VPC" in network
    assert f"# parameter BucketName = {project.bucket}" in network
    assert project.fgctl("cf-render", "0.1", "--parameter", "Cpu=300").expect(64).out == ""
    assert judge.requests(label=judge.label) == []


def test_deploy_role(project, judge):
    name = f"fgctl-deploy-{project.stack}"
    cloudformation = project.boto3("cloudformation")
    project.on_cleanup("deploy role", lambda: cloudformation.delete_stack(StackName=name))
    assert "needs --principal" in project.fgctl("cf-create-deploy-role").expect(64).err
    missing = project.fgctl("cf-create-deploy-role", "--update").expect(1).err
    assert f"update stack {name}: the stack does not exist" in missing
    asked = judge.mark()
    assert "must be the ARN of an account's root" in project.fgctl(
        "cf-create-deploy-role", "--principal", "somebody").expect(64).err
    assert judge.requests(since=asked) == []
    plan = project.fgctl(
        "cf-create-deploy-role", "--principal", "123456789012", "--external-id", "nightly-7f3a", "--dry-run",
        "--output", "json").expect(0).json
    assert plan["parameters"]["PrincipalArn"] == "arn:aws:iam::123456789012:root"
    assert judge.requests(label=judge.label, mutating=True) == []
    made = project.fgctl("cf-create-deploy-role", "--principal", "000000000000").expect(0)
    outputs = outputs_of(project, name)
    assert f"ExternalId = {outputs['ExternalId']}" in made.out
    assert len(outputs["ExternalId"]) >= 32
    # Again it is the same external id.
    assert "already as asked" in project.fgctl("cf-create-deploy-role", "--principal", "000000000000").expect(0).err

    # It differs: creating refuses, and what it says to do is done.
    other = ("--principal", "arn:aws:iam::000000000000:user/ci", "--external-id", "nightly-7f3a")
    refused = project.fgctl("cf-create-deploy-role", *other).expect(1).err
    command = f"cf-create-deploy-role --update {' '.join(other)}"
    assert f"change it with 'fgctl {command}'" in refused
    assert project.fgctl(*command.split(), "--output", "json").expect(0).json["action"] == "updated"
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack_of(project, name)["Parameters"]}
    assert (parameters["PrincipalArn"], parameters["ExternalId"]) == (other[1], other[3])
    # What is not given stays, and no change is no call.
    mark = judge.mark()
    again = project.fgctl("cf_update_deploy_role", "--output", "json").expect(0).json
    assert (again["action"], again["outputs"]["ExternalId"]) == ("unchanged", other[3])
    assert judge.requests(since=mark, mutating=True) == []
    project.fgctl(*command.split()[:2], "--external-id", outputs["ExternalId"]).expect(0)

    role = outputs["RoleArn"].rpartition("/")[2]
    iam = project.boto3("iam")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    [statement] = trust["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": outputs["ExternalId"]}}
    policy = iam.get_role_policy(RoleName=role, PolicyName="roles")["PolicyDocument"]
    making = next(s for s in policy["Statement"] if "iam:CreateRole" in s["Action"])
    assert making["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": outputs["PermissionsBoundary"]}}
    assert making["Resource"].endswith(f":role/{project.stack}-*")

    # The task's roles bear the boundary.
    put_image(project, "0.1")
    project.write_env(PERMISSIONS_BOUNDARY=outputs["PermissionsBoundary"])
    project.fgctl("cf-create-stack", "0.1").expect(0)
    # The emulator's roles have no boundary; the template's have.
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack_of(project)["Parameters"]}
    assert parameters["PermissionsBoundary"] == outputs["PermissionsBoundary"]
    body = cloudformation.get_template(StackName=project.stack)["TemplateBody"]
    assert body.count("PermissionsBoundary: !If [HasBoundary, !Ref PermissionsBoundary") == body.count("AWS::IAM::Role") == 3
