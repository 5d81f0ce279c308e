"""cf-create-stack: what it makes, and what it refuses before anything is changed."""

import pytest
from parts import SMALL, create, outputs_of, put_image, stack_of, status_of


def test_create_with_all_keys(project, judge):
    put_image(project, "0.1", "0.2")
    project.write_env(
        CPU="512", MEMORY="2048", TAGS='"team=data, cost centre=a/b"', EPHEMERAL_STORAGE="30", LOG_RETENTION_DAYS="14")
    result = project.fgctl("cf-create-stack", "env", "0.1").expect(0)
    stack, outputs = stack_of(project), outputs_of(project)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    assert tags == {
        "fgctl:stack": project.stack, "fgctl:env": "default", "fgctl:network": project.parent_stack, "team": "data",
        "cost centre": "a/b"}
    assert dict(line.split(" = ") for line in result.out.splitlines()) == outputs

    ecs = project.boto3("ecs")
    definition = ecs.describe_task_definition(taskDefinition=outputs["TaskDefinitionArn"])["taskDefinition"]
    assert (definition["family"], definition["cpu"], definition["memory"]) == (project.stack, "512", "2048")
    assert int(definition["ephemeralStorage"]["sizeInGiB"]) == 30
    assert definition["requiresCompatibilities"] == ["FARGATE"]
    [container] = definition["containerDefinitions"]
    assert (container["name"], container["image"]) == (project.stack, f"{project.registry}/{project.image}:0.1")
    assert container["logConfiguration"] == {"logDriver": "awslogs", "options": {
        "awslogs-group": f"/ecs/{project.stack}", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs",
        "mode": "blocking"}}
    environment = {pair["name"]: pair["value"] for pair in container["environment"]}
    assert environment["S3_BUCKET"] == project.bucket
    [cluster] = ecs.describe_clusters(clusters=[project.stack])["clusters"]
    assert cluster["clusterArn"] == outputs["ClusterArn"]
    [group] = project.boto3("logs").describe_log_groups(logGroupNamePrefix=f"/ecs/{project.stack}")["logGroups"]
    assert group["retentionInDays"] == 14
    assert project.boto3("scheduler").get_schedule_group(Name=project.stack)["State"] == "ACTIVE"

    lines = result.err.splitlines()
    assert lines[0].startswith(f"create stack: account 000000000000, region us-east-1, stack {project.stack}")
    assert any("+ TaskDefinition (AWS::ECS::TaskDefinition)" in line for line in lines)
    assert any("CREATE_COMPLETE AWS::ECS::TaskDefinition TaskDefinition" in line for line in lines)

    mark = judge.mark()
    again = project.fgctl("cf-create-stack", "env", "0.1").expect(0)
    assert "is already as asked; nothing was changed" in again.err
    assert again.out == result.out
    report = project.fgctl("cf-create-stack", "0.1", "--output", "json").expect(0).json
    assert (report["name"], report["status"], report["outputs"]) == (project.stack, "CREATE_COMPLETE", outputs)

    # Anything else than what stands is a matter of cf-update-stack.
    for arguments, difference in (
            (("0.2",), f"ImageUri: {project.registry}/{project.image}:0.1 -> {project.registry}/{project.image}:0.2"),
            ((), "ImageUri"),  # without a version the highest is meant
            (("0.1", "--set", "CPU=1024"), "Cpu: 512 -> 1024"),
            (("0.1", "--set", "LOG_RETENTION_DAYS=30"), "LogRetentionDays: 14 -> 30"),
            (("0.1", "--set", "TAGS=team=web"), "tag team: data -> web"),
            (("0.1", "--parameter", "ContainerInsights=enabled"), "ContainerInsights: disabled -> enabled"),
            (("0.1", "--template", "other.yaml"), "template other.yaml has changed")):
        project.write("other.yaml", SMALL.replace("Colour:\n    Type", "ImageUri:\n    Type").replace(
            "    AllowedValues: [red, green]\n", "").replace("!Ref Colour", "!Ref ImageUri"))
        refused = project.fgctl("cf-create-stack", *arguments).expect(1)
        assert difference in refused.err
        assert "fgctl cf-update-stack" in refused.err
        assert refused.out == ""
    assert judge.requests(since=mark, mutating=True) == []


def test_status(project, judge):
    put_image(project, "0.1")
    text = project.fgctl("cf-status").expect(0).out
    assert f"{project.stack}  NOT_CREATED" in text
    assert f"{project.parent_stack}  NOT_CREATED" in text
    project.fgctl("cf-create-stack", "0.1").expect(0)
    mark = judge.mark()
    text = project.fgctl("cf-status").expect(0).out
    assert f"{project.stack}  CREATE_COMPLETE" in text
    assert "  resource  Cluster  AWS::ECS::Cluster  CREATE_COMPLETE" in text
    assert f"  output  ClusterName = {project.stack}" in text
    parent, stack = project.fgctl("cf-status", "--output", "json").expect(0).json["stacks"]
    assert (parent["name"], parent["status"]) == (project.parent_stack, "NOT_CREATED")
    assert (stack["name"], stack["status"]) == (project.stack, "CREATE_COMPLETE")
    assert stack["parameters"]["ImageUri"].endswith(f"{project.image}:0.1")
    assert {resource["logicalID"] for resource in stack["resources"]} >= {"Cluster", "TaskDefinition", "ScheduleGroup"}
    project.write_env(PARENT_STACK_NAME=None)
    assert len(project.fgctl("cf-status", "--output", "json").expect(0).json["stacks"]) == 1
    assert judge.requests(since=mark, mutating=True) == []


def test_status_refused(project, judge):
    judge.inject("cloudformation", "DescribeStacks", status=403, code="AccessDenied", message="not you", times=2)
    result = project.fgctl("cf-status").expect(1)
    assert "AccessDenied: not you" in result.err
    error = project.fgctl("cf-status", "--output=json").expect(1).json["error"]
    assert "AccessDenied" in error["message"]


# --- the image ------------------------------------------------------------------------------------------------------


def test_a_missing_version_is_refused_with_those_that_are_there(project, judge):
    put_image(project, "0.9", "0.10")
    result = project.fgctl("cf-create-stack", "0.11").expect(1)
    assert f"find image {project.image}:0.11: not in ECR; there are 0.10, 0.9" in result.err
    assert result.out == ""
    assert judge.requests(label=judge.label, mutating=True) == []
    assert stack_of(project) is None


def test_a_missing_repository(project, judge):
    for arguments in ((), ("0.1",)):
        result = project.fgctl("cf-create-stack", *arguments).expect(1)
        assert f"ECR holds no image of {project.image}" in result.err
        assert "fgctl docker-push" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_the_highest_version_is_taken(project):
    put_image(project, "0.9", "0.10", "latest")
    project.fgctl("cf-create-stack").expect(0)
    assert outputs_of(project)["ImageUri"].endswith(f"{project.image}:0.10")


# --- templates and parameters ---------------------------------------------------------------------------------------


def test_own_template_and_parameters(project, judge):
    put_image(project, "0.1")
    project.write("mine.yaml", SMALL)
    result = project.fgctl("cf-create-stack", "0.1", "--template", "mine.yaml", "--parameter", "Colour=green").expect(0)
    assert result.out == "Colour = green\n"
    pages = project.boto3("sns").get_paginator("list_topics").paginate()
    assert [t for page in pages for t in page["Topics"] if t["TopicArn"].endswith(f":{project.stack}-topic")]
    assert status_of(project) == "CREATE_COMPLETE"
    # By the key, from the project's root; a parameter that is not given keeps its value.
    project.write_env(TEMPLATE="mine.yaml")
    mark = judge.mark()
    assert "already as asked" in project.fgctl("cf-create-stack", "0.1", cwd="env").expect(0).err
    assert judge.requests(since=mark, mutating=True) == []


def test_a_template_without_the_image_needs_none(project):
    project.write("mine.yaml", SMALL)
    project.write_env(TEMPLATE="mine.yaml", IMAGE_NAME=None)
    assert project.fgctl("cf-create-stack").expect(0).out == "Colour = red\n"
    assert "ECR holds no image" in project.fgctl("cf-create-stack", "0.1", "--set", f"IMAGE_NAME={project.image}").expect(1).err


@pytest.mark.parametrize(("arguments", "keys", "code", "said"), [
    (("0.1",), {"CPU": "256", "MEMORY": "4096"}, 64, "4096"),
    (("0.1",), {"CPU": "300"}, 64, "300"),
    (("0.1",), {"MEMORY": "much"}, 64, "much"),
    (("0.1",), {"EPHEMERAL_STORAGE": "5"}, 64, "parameter EphemeralStorage (env/default:10): '5' must be 0 or 21 to 200"),
    (("0.1",), {"LOG_RETENTION_DAYS": "2"}, 64, "parameter LogRetentionDays (env/default:10): '2' is not one of"),
    (("0.1",), {"PLATFORM": "windows/amd64"}, 65, "env/default:10: PLATFORM 'windows/amd64'"),
    (("0.1",), {"TAGS": "a=1,a=2"}, 65, "names the key 'a' twice"),
    (("0.1",), {"STACK_NAME": "under_score"}, 65, "env/default:6: STACK_NAME 'under_score' can't name a stack"),
    (("0.1",), {"IMAGE_NAME": "UPPER"}, 65, "env/default:9: IMAGE_NAME 'UPPER'"),
    (("0.1", "--parameter", "Cpus=512"), {}, 64, "has no parameter Cpus (--parameter Cpus)"),
    (("0.1", "--parameter", "Cpu"), {}, 64, "--parameter takes NAME=VALUE"),
    (("0.1", "--template", "none.yaml"), {}, 65, "none.yaml: there is no such template file"),
    (("0.1", "--template", "netwrk"), {}, 64, "network"),
    (("0.1", "--image-version", "0.2"), {}, 64, "VERSION is given twice"),
    (("--image-version=-x",), {}, 64, "'-x' can't be a tag"),
    (("0.1", "0.2"), {}, 64, "0.1"),
])
def test_bad_input_is_refused_before_any_call(project, judge, arguments, keys, code, said):
    project.write_env(**keys)
    result = project.fgctl("cf-create-stack", *arguments).expect(code)
    assert said in result.err
    assert result.out == ""
    assert judge.requests(label=judge.label) == []


def test_unknown_parameter_has_a_suggestion(project):
    assert "did you mean Cpu?" in project.fgctl("cf-create-stack", "0.1", "--parameter", "Cpus=512").expect(64).err


@pytest.mark.parametrize(("text", "place"), [
    ("Resources:\n  A: [\n", "bad.yaml:3:1"),
    ("Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Propertys: {}\n", "bad.yaml:4:5"),
    ("Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: !Ref Nothing}\n", "bad.yaml:4:"),
    ("a: 1\n", "bad.yaml:1:1"),
    ("", "bad.yaml:1:1"),
    ("Resources:\n\tA: 1\n", "bad.yaml:2:1"),
])
def test_a_malformed_template_is_named_with_line_and_column(project, judge, text, place):
    project.write("bad.yaml", text)
    result = project.fgctl("cf-create-stack", "0.1", "--template", "bad.yaml").expect(65)
    assert result.err.startswith(f"fgctl: {place}")
    assert judge.requests(label=judge.label) == []


# Larger than what fits into a request.
LARGE = SMALL + "Metadata:\n" + "".join(f"  Note{n}: {'x' * 200}\n" for n in range(300))


def test_a_large_template_goes_through_the_bucket(project, judge):
    put_image(project, "0.1")
    project.boto3("s3").create_bucket(Bucket=project.bucket)
    project.write("large.yaml", LARGE)
    assert len(LARGE) > 51_200
    project.fgctl("cf-create-stack", "0.1", "--template", "large.yaml").expect(0)
    [put] = judge.requests("s3", "PutObject", label=judge.label)
    assert put.params["Key"].startswith(f"{project.stack}/templates/")
    [change] = judge.requests("cloudformation", "CreateChangeSet", label=judge.label)
    assert change.params["TemplateURL"].endswith(put.params["Key"])
    assert "TemplateBody" not in change.params
    body = project.boto3("s3").get_object(Bucket=project.bucket, Key=put.params["Key"])["Body"].read().decode()
    assert body == LARGE
    assert status_of(project) == "CREATE_COMPLETE"
    mark = judge.mark()
    assert "already as asked" in project.fgctl("cf-create-stack", "0.1", "--template", "large.yaml").expect(0).err
    assert judge.requests(since=mark, mutating=True) == []


def test_a_large_template_without_a_bucket(project, judge):
    put_image(project, "0.1")
    project.write("large.yaml", LARGE)
    result = project.fgctl("cf-create-stack", "0.1", "--template", "large.yaml").expect(1)
    assert f"bucket {project.bucket} can't be used" in result.err
    project.write_env(S3_BUCKET=None)
    result = project.fgctl("cf-create-stack", "0.1", "--template", "large.yaml").expect(1)
    assert f"template large.yaml has {len(LARGE)} bytes, more than the 51200 that fit" in result.err
    assert "set S3_BUCKET" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []
    assert stack_of(project) is None


# --- dry run, names that are taken ----------------------------------------------------------------------------------


def test_dry_run_changes_nothing(project, judge):
    put_image(project, "0.1")
    text = project.fgctl("cf-create-stack", "0.1", "--dry-run").expect(0)
    assert f"# stack {project.stack}: create\n" in text.out
    assert "AWS::ECS::TaskDefinition" in text.out
    plan = project.fgctl("cf-create-stack", "0.1", "--dry-run", "--output", "json").expect(0).json
    assert plan["action"] == "create"
    assert plan["parameters"]["ImageUri"] == f"{project.registry}/{project.image}:0.1"
    assert plan["tags"]["fgctl:stack"] == project.stack
    assert judge.requests(label=judge.label, mutating=True) == []
    assert stack_of(project) is None


def test_a_retained_log_group_is_used_again(project):
    put_image(project, "0.1")
    project.boto3("logs").create_log_group(logGroupName=f"/ecs/{project.stack}")
    result = project.fgctl("cf-create-stack", "0.1").expect(0)
    assert f"log group /ecs/{project.stack} exists: it is used as it is" in result.err
    assert outputs_of(project)["LogGroupName"] == f"/ecs/{project.stack}"
    assert "already as asked" in project.fgctl("cf-create-stack", "0.1").expect(0).err


def test_a_stack_of_somebody_else_is_not_taken_for_ours(project, judge):
    put_image(project, "0.1")
    create(project, project.stack, SMALL)
    result = project.fgctl("cf-create-stack", "0.1").expect(1)
    assert "template templates/task.yaml has changed" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []
