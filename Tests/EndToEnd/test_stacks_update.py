"""cf-update-stack and cf-update-vpc: what they change, what they ask, and how they get out of half-done states."""

from harness import wait_until
from parts import BREAKABLE, SMALL, WAITING, create, outputs_of, own_seconds, put_image, signal, stack_of, status_of

NETWORK = {"SUBNETS": "subnet-0a,subnet-0b", "SECURITY_GROUPS": "sg-0a"}

# A bucket is replaced when its name changes.
BUCKET = """Parameters:
  Suffix:
    Type: String
    Default: one
Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub ${AWS::StackName}-${Suffix}
"""


def parameters_of(project, name=None):
    return {p["ParameterKey"]: p["ParameterValue"] for p in stack_of(project, name)["Parameters"]}


def image_of(project):
    name = outputs_of(project)["TaskDefinitionArn"]
    found = project.boto3("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]
    return found["containerDefinitions"][0]["image"]


def small(project, *arguments, text=SMALL):
    project.write("small.yaml", text)
    return ("cf-update-stack", "--template", "small.yaml", *arguments)


# --- another version ------------------------------------------------------------------------------------------------


def test_another_version_keeps_all_else_and_no_change_is_no_call(project, judge):
    put_image(project, "0.1", "0.2")
    project.write_env(CPU="512", MEMORY="2048", **NETWORK)
    project.fgctl("cf-create-stack", "0.1", "--parameter", "ContainerInsights=enabled").expect(0)
    result = project.fgctl("cf-update-stack", "env", "0.2").expect(0)
    assert "~ TaskDefinition (AWS::ECS::TaskDefinition" in result.err
    assert f"stack {project.stack} updated" in result.err
    assert image_of(project).endswith(f"{project.image}:0.2")
    kept = parameters_of(project)
    assert (kept["Cpu"], kept["Memory"], kept["ContainerInsights"]) == ("512", "2048", "enabled")
    assert dict(line.split(" = ") for line in result.out.splitlines()) == outputs_of(project)
    [change] = judge.requests("cloudformation", "CreateChangeSet", label=judge.label)[-1:]
    assert change.params["ChangeSetType"] == "UPDATE"
    assert {"ParameterKey": "ContainerInsights", "UsePreviousValue": True} in change.params["Parameters"]

    for words in (("0.2",), ()):
        mark = judge.mark()
        again = project.fgctl("cf-update-stack", *words, "--output", "json").expect(0)
        assert again.json["action"] == "unchanged"
        assert "is already as asked: no updates" in again.err
        assert judge.requests(since=mark, mutating=True) == []
        assert own_seconds(judge, mark) < 2

    # One of the pair that Fargate wants is enough: the other is the stack's.
    project.write_env(MEMORY="4096", **NETWORK)
    project.fgctl("cf-update-stack").expect(0)
    assert (parameters_of(project)["Cpu"], parameters_of(project)["Memory"]) == ("512", "4096")
    assert image_of(project).endswith(":0.2")


def test_tags_come_and_go(project, judge):
    create(project, project.stack, SMALL)
    project.write_env(TAGS="team=data")
    project.fgctl(*small(project)).expect(0)
    assert {"Key": "team", "Value": "data"} in stack_of(project)["Tags"]
    project.write_env()
    result = project.fgctl(*small(project)).expect(0)
    assert "tag team: data -> not set" in result.err
    assert "team" not in {tag["Key"] for tag in stack_of(project)["Tags"]}


def test_dry_run_and_bad_input_change_nothing(project, judge):
    put_image(project, "0.1")
    missing = project.fgctl("cf-update-stack").expect(1)
    assert f"update stack {project.stack}: the stack does not exist" in missing.err
    assert "fgctl cf-create-stack" in missing.err
    assert "fgctl cf-create-vpc" in project.fgctl("cf-update-vpc").expect(1).err
    create(project, project.stack, SMALL)
    plan = project.fgctl(*small(project, "--parameter", "Colour=green", "--dry-run", "--output=json")).expect(0).json
    assert (plan["action"], plan["parameters"]) == ("update", {"Colour": "green"})
    assert "Colour: red -> green" in plan["notes"]
    for arguments, code, said in (
            (("0.3", "0.4"), 64, "0.3"), (("--parameter", "Color=red"), 64, "did you mean Colour?"),
            (("--parameter", "Colour=blue"), 64, "is not one of red, green"), (("0.7",), 1, "ECR holds no image"),):
        if code == 1:
            project.boto3("ecr").delete_repository(repositoryName=project.image, force=True)
        assert said in project.fgctl(*small(project, *arguments)).expect(code).err
    assert judge.requests(label=judge.label, mutating=True) == []


# --- schedules ------------------------------------------------------------------------------------------------------


def test_schedules_follow_the_stack(project, judge):
    put_image(project, "0.1", "0.2")
    project.write_env(**NETWORK)
    project.fgctl("cf-create-stack", "0.1").expect(0)
    project.fgctl("schedule-create", "nightly", "0 0 * * ? *", "--disabled", "--set-env", "MODE=full").expect(0)
    project.fgctl("schedule-create", "weekly", "0 0 ? * 1 *").expect(0)
    project.fgctl("schedule-create", "monthly", "0 0 1 * ? *", "--engine", "rule").expect(0)
    scheduler = project.boto3("scheduler")
    before = scheduler.get_schedule(GroupName=project.stack, Name="nightly")

    mark = judge.mark()
    project.fgctl("cf-update-stack", "0.2").expect(0)
    assert judge.requests("scheduler", since=mark, mutating=True) == []
    assert judge.requests("events", since=mark, mutating=True) == []

    project.write_env(SUBNETS="subnet-0c", SECURITY_GROUPS="sg-0b")
    result = project.fgctl("cf-update-stack", "--output", "json").expect(0)
    assert [s["schedule"] for s in result.json["changedSchedules"]] == ["nightly", "weekly", "monthly"]
    assert f"schedule {project.stack}/nightly: subnets: subnet-0a,subnet-0b -> subnet-0c" in result.err
    after = scheduler.get_schedule(GroupName=project.stack, Name="nightly")
    network = after["Target"]["EcsParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]
    assert (network["Subnets"], network["SecurityGroups"]) == (["subnet-0c"], ["sg-0b"])
    assert network["AssignPublicIp"] == "ENABLED"
    for member in ("ScheduleExpression", "State", "ScheduleExpressionTimezone"):
        assert after[member] == before[member]
    assert after["Target"]["Input"] == before["Target"]["Input"]
    [target] = project.boto3("events").list_targets_by_rule(Rule=f"{project.stack}-monthly")["Targets"]
    assert target["EcsParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]["Subnets"] == ["subnet-0c"]
    mark = judge.mark()
    project.fgctl("cf-update-stack").expect(0)
    assert judge.requests(since=mark, mutating=True) == []


# --- questions ------------------------------------------------------------------------------------------------------


def test_replacing_what_holds_data_needs_a_yes(project, judge):
    create(project, project.stack, BUCKET)
    for suffix in ("one", "two"):
        project.on_cleanup("bucket", lambda suffix=suffix: delete_bucket(project, f"{project.stack}-{suffix}"))
    refused = project.fgctl(*small(project, "--parameter", "Suffix=two", text=BUCKET)).expect(64)
    assert "Files (AWS::S3::Bucket, perhaps replaced)" in refused.err
    assert "--yes" in refused.err
    assert judge.requests("cloudformation", "ExecuteChangeSet", label=judge.label) == []
    sets = project.boto3("cloudformation").list_change_sets(StackName=project.stack)["Summaries"]
    assert sets == []
    assert parameters_of(project)["Suffix"] == "one"
    project.fgctl(*small(project, "--parameter", "Suffix=two", "--yes", text=BUCKET)).expect(0)
    assert parameters_of(project)["Suffix"] == "two"


def delete_bucket(project, name):
    s3 = project.boto3("s3")
    if name in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.delete_bucket(Bucket=name)


# --- states ---------------------------------------------------------------------------------------------------------


def make_bus(project):
    events, name = project.boto3("events"), f"{project.stack}-bus"
    events.create_event_bus(Name=name)
    return lambda: events.delete_event_bus(Name=name)


TOPIC_ONLY = BREAKABLE[:BREAKABLE.index("  Bus:")]


def test_a_failed_update_names_its_cause_and_can_be_repeated(project):
    create(project, project.stack, TOPIC_ONLY)
    remove_bus = make_bus(project)
    failed = project.fgctl(*small(project, text=BREAKABLE)).expect(1)
    error = next(line for line in failed.err.splitlines() if line.startswith("fgctl: "))
    assert error.startswith(
        f"fgctl: update stack {project.stack}: UPDATE_ROLLBACK_COMPLETE: Bus (AWS::Events::EventBus):")
    assert "already exists" in error
    remove_bus()
    project.fgctl(*small(project, text=BREAKABLE)).expect(0)
    assert status_of(project) == "UPDATE_COMPLETE"


def test_an_update_without_rollback_is_rolled_back_first(project, judge):
    create(project, project.stack, TOPIC_ONLY)
    remove_bus = make_bus(project)
    project.fgctl(*small(project, "--no-rollback", text=BREAKABLE)).expect(1)
    assert status_of(project) == "UPDATE_FAILED"
    mark = judge.mark()
    refused = project.fgctl(*small(project, text=BREAKABLE)).expect(64)
    assert "is UPDATE_FAILED" in refused.err
    assert judge.requests(since=mark, mutating=True) == []
    remove_bus()
    project.fgctl(*small(project, "--yes", text=BREAKABLE)).expect(0)
    assert status_of(project) == "UPDATE_COMPLETE"
    assert len(judge.requests("cloudformation", "RollbackStack", since=mark)) == 1


def test_a_failed_creation_is_a_matter_of_creating(project, judge):
    remove_bus = make_bus(project)
    put_image(project, "0.1")
    project.write("small.yaml", BREAKABLE)
    project.fgctl("cf-create-stack", "0.1", "--template", "small.yaml", "--no-rollback").expect(1)
    assert status_of(project) == "CREATE_FAILED"
    mark = judge.mark()
    result = project.fgctl(*small(project, text=BREAKABLE)).expect(1)
    assert "its creation failed (CREATE_FAILED)" in result.err
    # What the failure left is deleted only when somebody agrees.
    refused = project.fgctl("cf-create-stack", "0.1", "--template", "small.yaml").expect(64)
    assert "Delete what a failed creation left" in refused.err
    assert judge.requests(since=mark, mutating=True) == []
    remove_bus()
    project.fgctl("cf-create-stack", "0.1", "--template", "small.yaml", "--yes").expect(0)
    assert status_of(project) == "CREATE_COMPLETE"


def test_a_stuck_rollback_is_continued(project, judge):
    """The emulator's rollbacks do not get stuck: the state is put in, the request is checked."""
    create(project, project.stack, SMALL)
    stuck = ("<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
             f"<StackId>{stack_of(project)['StackId']}</StackId><StackName>{project.stack}</StackName>"
             "<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_ROLLBACK_FAILED</StackStatus>"
             "<Parameters><member><ParameterKey>Colour</ParameterKey><ParameterValue>red</ParameterValue></member>"
             "</Parameters></member></Stacks></DescribeStacksResult></DescribeStacksResponse>")
    judge.inject("cloudformation", "DescribeStacks", status=200, times=2, body=stuck)
    refused = project.fgctl(*small(project)).expect(64)
    assert "is UPDATE_ROLLBACK_FAILED. Continue its rollback?" in refused.err
    assert judge.requests(label=judge.label, mutating=True) == []
    judge.inject("cloudformation", "DescribeStacks", status=200, times=2, body=stuck)
    judge.inject("cloudformation", "ContinueUpdateRollback", status=400, code="ValidationError", message="not now")
    failed = project.fgctl(*small(project, "--yes")).expect(1)
    assert "ContinueUpdateRollback" in failed.err
    [call] = judge.requests("cloudformation", "ContinueUpdateRollback", label=judge.label)
    assert call.params["StackName"] == stack_of(project)["StackId"]
    assert call.params["ClientRequestToken"]


def test_an_operation_under_way_is_refused_or_waited_for(project, judge):
    put_image(project, "0.1")
    project.write("small.yaml", WAITING)
    running = project.start("cf-create-stack", "0.1", "--template", "small.yaml")
    running.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    mark = judge.mark()
    refused = project.fgctl(*small(project, text=WAITING)).expect(1)
    assert "another operation is under way: the stack is CREATE_IN_PROGRESS" in refused.err
    assert "--wait-current" in refused.err
    assert judge.requests(since=mark, mutating=True) == []
    project.write_env(TAGS="late=yes")
    waiting = project.start(*small(project, "--wait-current", text=WAITING))
    waiting.line(r"CREATE_IN_PROGRESS: waiting for the operation that is under way")
    signal(project)
    running.wait().expect(0)
    waiting.wait().expect(0)
    assert {"Key": "late", "Value": "yes"} in stack_of(project)["Tags"]


def test_interrupted_it_says_that_cloudformation_goes_on(project):
    put_image(project, "0.1")
    project.write("small.yaml", WAITING)
    running = project.start("cf-create-stack", "0.1", "--template", "small.yaml")
    running.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    running.interrupt()
    result = running.wait(30).expect(130)
    assert "CloudFormation goes on" in result.err
    assert f"fgctl cf-events --follow --stack {project.stack}" in result.err
    assert "fgctl cf-delete-stack" in result.err
    following = project.start("cf-events", "--follow")
    following.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    signal(project)
    following.wait().expect(0)
    wait_until("the end", lambda: status_of(project) == "CREATE_COMPLETE")


# --- the network ----------------------------------------------------------------------------------------------------


def test_update_vpc(project, judge):
    project.fgctl("cf-create-vpc").expect(0)
    project.write_env(TAGS="team=net")
    project.fgctl("cf-update-vpc").expect(0)
    assert {"Key": "team", "Value": "net"} in stack_of(project, project.parent_stack)["Tags"]
    mark = judge.mark()
    again = project.fgctl("cf-update-vpc").expect(0)
    assert "no updates" in again.err
    assert own_seconds(judge, mark) < 2
    assert judge.requests(since=mark, mutating=True) == []
