"""cf-create-stack when creating fails, is under way, or was left half done."""

import datetime
import signal as signals
import statistics
import threading

import pytest
from harness import wait_until
from parts import BREAKABLE, SMALL, WAITING, outputs_of, put_image, signal, stack_of, status_of


@pytest.fixture
def small(project):
    """Creates the stack from a small template, so that no test depends on more than it is about."""
    put_image(project, "0.1")

    def run(text=SMALL, *arguments):
        project.write("small.yaml", text)
        return ("cf-create-stack", "0.1", "--template", "small.yaml", *arguments)
    return run


def make_bus(project):
    events, name = project.boto3("events"), f"{project.stack}-bus"
    events.create_event_bus(Name=name)
    project.on_cleanup("event bus", lambda: events.delete_event_bus(Name=name))


def test_a_failed_creation_can_be_repeated_after_the_repair(project, judge, small):
    make_bus(project)
    failed = project.fgctl(*small(BREAKABLE)).expect(1)
    error = next(line for line in failed.err.splitlines() if line.startswith("fgctl: "))
    assert error.startswith(f"fgctl: create stack {project.stack}: ROLLBACK_COMPLETE: Bus (AWS::Events::EventBus):")
    assert "already exists" in error
    assert failed.out == ""
    assert status_of(project) == "ROLLBACK_COMPLETE"
    status = project.fgctl("cf-status").expect(0)
    assert f"{project.stack}  ROLLBACK_COMPLETE" in status.out

    again = project.fgctl(*small(BREAKABLE), "--output", "json").expect(1)
    assert "EventBus already exists" in again.json["error"]["message"]

    project.boto3("events").delete_event_bus(Name=f"{project.stack}-bus")
    created = project.fgctl(*small(BREAKABLE)).expect(0)
    assert "a failed creation left it ROLLBACK_COMPLETE, holding nothing: deleting that first" in created.err
    assert status_of(project) == "CREATE_COMPLETE"


def test_a_protected_failed_stack_is_not_deleted(project, judge, small):
    make_bus(project)
    project.fgctl(*small(BREAKABLE)).expect(1)
    cloudformation = project.boto3("cloudformation")

    def protect(on):
        cloudformation.update_termination_protection(StackName=project.stack, EnableTerminationProtection=on)

    protect(True)
    project.on_cleanup("protection", lambda: protect(False))
    mark = judge.mark()
    result = project.fgctl(*small(BREAKABLE)).expect(1)
    assert "is ROLLBACK_COMPLETE and protected against deletion" in result.err
    assert judge.requests(since=mark, mutating=True) == []


FAILED_CHANGE_SET = """<DescribeChangeSetResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeChangeSetResult><Status>FAILED</Status><StatusReason>Transform Acme::Macro failed</StatusReason>
</DescribeChangeSetResult></DescribeChangeSetResponse>"""


def test_a_change_set_that_fails_leaves_no_empty_stack(project, judge, small):
    judge.inject("cloudformation", "DescribeChangeSet", status=200, body=FAILED_CHANGE_SET)
    result = project.fgctl(*small()).expect(1)
    assert result.err.splitlines()[-1] == f"fgctl: create stack {project.stack}: Transform Acme::Macro failed"
    assert judge.requests("cloudformation", "ExecuteChangeSet", label=judge.label) == []
    # CloudFormation answers before it has deleted.
    wait_until("the shell gone", lambda: stack_of(project) is None)


def test_a_name_that_is_taken_is_told_with_its_resource(project, small):
    """CloudFormation finds it before the deployment and names it in DescribeEvents only."""
    project.boto3("s3").create_bucket(Bucket=project.bucket)
    text = f"Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: {project.bucket}\n"
    result = project.fgctl(*small(text)).expect(1)
    error, hint = result.err.splitlines()[-2:]
    assert f"fgctl cf-diagnose {project.stack}" in hint
    assert error.startswith(f"fgctl: create stack {project.stack}:")
    assert "Bucket (AWS::S3::Bucket):" in error
    assert "already exists" in error
    project.boto3("s3").delete_bucket(Bucket=project.bucket)
    project.fgctl(*small(text)).expect(0)


def test_a_refused_change_set(project, judge, small):
    judge.inject("cloudformation", "CreateChangeSet", status=403, code="AccessDenied", message="not allowed")
    result = project.fgctl(*small()).expect(1)
    assert "CloudFormation CreateChangeSet" in result.err
    assert "AccessDenied: not allowed" in result.err
    assert stack_of(project) is None


def test_the_shell_of_a_change_set_is_taken_over(project, small):
    cloudformation = project.boto3("cloudformation")
    cloudformation.create_change_set(
        StackName=project.stack, ChangeSetName="left-behind", ChangeSetType="CREATE", TemplateBody=SMALL)
    wait_until("the shell", lambda: status_of(project) == "REVIEW_IN_PROGRESS")
    result = project.fgctl("ecs-run-task").expect(125)
    assert f"stack {project.stack} does not exist" in result.err
    project.fgctl(*small(SMALL, "--parameter", "Colour=green")).expect(0)
    assert outputs_of(project) == {"Colour": "green"}


def test_events_show_while_it_runs_and_another_create_is_refused(project, judge, small):
    running = project.start(*small(WAITING))
    running.line(r"\+ Topic \(AWS::SNS::Topic\)")
    running.line(r"CREATE_COMPLETE AWS::SNS::Topic Topic")
    running.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    mark = judge.mark()
    refused = project.fgctl(*small(WAITING)).expect(1)
    assert "another operation is under way: the stack is CREATE_IN_PROGRESS" in refused.err
    assert "CREATE_IN_PROGRESS" in project.fgctl("cf-status").expect(0).out
    assert "is CREATE_IN_PROGRESS, not ready to be used" in project.fgctl("ecs-run-task").expect(125).err
    assert judge.requests(since=mark, mutating=True) == []
    signal(project)
    running.line(r"CREATE_COMPLETE AWS::CloudFormation::WaitCondition Wait")
    shown = datetime.datetime.fromtimestamp(running.shown, datetime.UTC)
    running.wait().expect(0)
    judge.settle()
    events = project.boto3("cloudformation").describe_stack_events(StackName=project.stack)["StackEvents"]
    [done] = [e["Timestamp"] for e in events if e["LogicalResourceId"] == "Wait" and e["ResourceStatus"] == "CREATE_COMPLETE"]
    # It takes two seconds at most, less what is the machine's: the answer of local AWS, and how late the look came that
    # told it (looks begin two seconds after one another at most, which `test_a_minute_of_waiting` measures).
    looks = judge.requests("cloudformation", "DescribeStackEvents", label=judge.label)
    last = max(number for number, look in enumerate(looks) if look.time < shown)
    turn = (looks[last].time - looks[last - 1].time).total_seconds()
    machines = max(0, turn - 2.0) + looks[last].milliseconds / 1000
    assert (shown - done).total_seconds() - machines <= 2.0
    assert status_of(project) == "CREATE_COMPLETE"


def test_the_first_cause_is_told_not_its_echoes(project, small):
    text = WAITING + "  Other:\n    Type: AWS::SNS::Topic\n    DependsOn: Wait\n"
    running = project.start(*small(text))
    running.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    signal(project, "FAILURE", "the disk was full")
    result = running.wait().expect(1)
    error = result.err.splitlines()[-2]
    assert f"create stack {project.stack}: ROLLBACK_COMPLETE: Wait (AWS::CloudFormation::WaitCondition):" in error
    assert "the disk was full" in error


def test_throttling_and_outages_while_waiting(project, judge, small):
    running = project.start(*small(WAITING))
    running.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    polls = judge.inject(
        "cloudformation", "DescribeStackEvents", times=5, status=400, code="Throttling", message="Rate exceeded")
    states = judge.inject("cloudformation", "DescribeStackEvents", times=2, status=503, code="ServiceUnavailable")
    lost = judge.inject("cloudformation", "DescribeStackEvents", times=1, reset=True)
    wait_until("the trouble", lambda: (polls.seen, states.seen, lost.seen) == (5, 2, 1))
    signal(project)
    result = running.wait().expect(0)
    # Each event once, in spite of the repeated looks.
    assert result.err.count("CREATE_COMPLETE AWS::CloudFormation::WaitCondition Wait") == 1


def test_throttled_at_the_start(project, judge, small):
    for operation in ("CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet"):
        judge.inject("cloudformation", operation, times=2, status=400, code="Throttling", message="Rate exceeded")
    project.fgctl(*small()).expect(0)
    tokens = {r.params["ClientToken"] for r in judge.requests("cloudformation", "CreateChangeSet", label=judge.label)}
    assert len(tokens) == 1


def test_a_lost_answer_to_the_change_set_is_no_second_one(project, judge, small):
    judge.inject("cloudformation", "ExecuteChangeSet", reset=True, after=True)
    project.fgctl(*small()).expect(0)
    asked = judge.requests("cloudformation", "ExecuteChangeSet", label=judge.label)
    assert len(asked) == 2
    assert len({r.params["ClientRequestToken"] for r in asked}) == 1


def test_an_interrupted_preparation_leaves_no_shell(project, judge, small):
    hold, since = threading.Event(), judge.mark()
    judge.inject("cloudformation", "DescribeChangeSet", hold=hold, status=500)
    running = project.start(*small())
    judge.wait_for("cloudformation", "DescribeChangeSet", since=since)
    wait_until("the shell", lambda: status_of(project) == "REVIEW_IN_PROGRESS")
    running.interrupt()
    result = running.wait(30).expect(130)
    hold.set()
    assert "interrupted" in result.err
    wait_until("the shell gone", lambda: stack_of(project) is None)


def test_an_interrupted_watch_leaves_the_creation_alone(project, small):
    running = project.start(*small(WAITING))
    running.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    running.signal(signals.SIGTERM)
    result = running.wait(30).expect(143)
    assert "CloudFormation goes on" in result.err
    assert status_of(project) == "CREATE_IN_PROGRESS"
    signal(project)
    wait_until("created", lambda: status_of(project) == "CREATE_COMPLETE")


def test_a_minute_of_waiting(project, judge, small):
    """Thirty calls at most in any minute from the start, and an event of its end is shown within two seconds."""
    began = judge.mark()
    running = project.start(*small(WAITING))
    running.line(r"CREATE_IN_PROGRESS AWS::CloudFormation::WaitCondition Wait")
    [execution] = judge.requests("cloudformation", "ExecuteChangeSet", since=began)
    end = execution.time + datetime.timedelta(seconds=60)
    # Nothing but the clock says that a minute is over.
    wait_until("the minute", lambda: datetime.datetime.now(datetime.UTC) > end)
    asked = [r for r in judge.requests(label=judge.label) if execution.time < r.time <= end]
    assert {r.operation for r in asked} == {"DescribeStackEvents"}
    assert len(asked) <= 30
    pauses = [(b.time - a.time).total_seconds() for a, b in zip(asked, asked[1:])]
    print(f"{len(asked)} calls; the longest pause was {max(pauses):.3f} s")
    assert statistics.median(pauses) <= 2.0
    # Two late turns of a loaded machine are not the pace.
    assert sorted(pauses)[-3] <= 2.5
    signal(project)
    running.wait().expect(0)
