"""Services: the deployment that was started is followed, never 'is the service stable'."""

import json
import re

import parts
import pytest
import terminal
from harness import wait_until

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a"], "securityGroups": ["sg-0a"]}}


@pytest.fixture
def make(job, standing_stacks):
    """Makes services of the standing cluster."""
    ecs = job.boto3("ecs")

    def make_service(name="web", command="trap 'exit 0' TERM; sleep 600 & wait", desired=1, is_ever_well=True, **more):
        name = f"{name}-{job.suffix}"
        # A check that fails counts only after its start period: the deployment neither completes nor fails.
        check = {} if is_ever_well else {"healthCheck": {"command": ["CMD-SHELL", "exit 1"], "startPeriod": 300}}
        ecs.register_task_definition(
            family=job.stack, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            containerDefinitions=[{"name": "web", "image": "busybox:local", "command": ["sh", "-c", command], **check}])
        ecs.create_service(
            cluster=standing_stacks.stack, serviceName=name, taskDefinition=job.stack, desiredCount=desired,
            launchType="FARGATE", networkConfiguration=NETWORK, **more)
        job.on_cleanup("service", lambda: ecs.delete_service(cluster=standing_stacks.stack, service=name, force=True))
        return name
    return make_service


def primary(job, stacks, name):
    [service] = job.boto3("ecs").describe_services(cluster=stacks.stack, services=[name])["services"]
    return next(d for d in service["deployments"] if d["status"] == "PRIMARY")


def settled(job, stacks, name):
    wait_until("the service", lambda: primary(job, stacks, name)["rolloutState"] == "COMPLETED")


def test_a_deployment_is_followed_to_its_end(job, judge, standing_stacks, make):
    name = make()
    settled(job, standing_stacks, name)
    before = primary(job, standing_stacks, name)["id"]
    result = job.fgctl("update-service", name, "--output", "json").expect(0)
    [report] = result.json["services"]
    assert (report["service"], report["outcome"], report["runningCount"]) == (name, "succeeded", 1)
    after = primary(job, standing_stacks, name)
    assert report["deployment"] == after["id"] != before
    assert after["rolloutState"] == "COMPLETED"
    assert "restart only" in result.err
    assert re.search(r"running \d of 1", result.err)
    [update] = judge.requests("ecs", "UpdateService", label=judge.label)
    assert update.params == {"cluster": standing_stacks.stack, "service": name, "forceNewDeployment": True}


def test_no_wait_and_dry_run(job, judge, standing_stacks, make):
    name = make(desired=0)
    planned = job.fgctl("update-service", name, "--dry-run").expect(0)
    assert [s["forceNewDeployment"] for s in planned.json["services"]] == [True]
    assert judge.requests(label=judge.label, mutating=True) == []
    result = job.fgctl("update-service", name, "--no-wait", "--output", "json").expect(0)
    assert result.json["services"][0]["outcome"] == "started"
    assert "scaled to zero" in result.err


def test_parts_of_names_are_no_names(job, judge, make):
    name = make(desired=0)
    result = job.fgctl("update-service", name[:-1]).expect(1)
    assert "has no service of this name" in result.err
    assert name in result.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_a_deployment_that_does_not_come_about(job, make):
    # Without a circuit breaker ECS tries for ever; a second is too short for the third failure, with which fgctl gives up.
    name = make(command="sleep 1; exit 3")
    result = job.fgctl("update-service", name, "--timeout", "1s", "--output", "json").expect(3)
    [report] = result.json["services"]
    assert (report["outcome"], report["goesOn"]) == ("timedOut", True)
    assert "ECS goes on with deployment" in result.err


def test_the_circuit_breaker_ends_it(job, make):
    name = make(
        command="exit 3", deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    result = job.fgctl("update-service", name, "--output", "json").expect(1)
    [report] = result.json["services"]
    assert report["outcome"] == "failed"
    assert "circuit breaker" in report["reason"]
    assert 1 <= len(report["stoppedTasks"]) <= 3
    assert "container web exit 3" in report["stoppedTasks"][0]["reason"]
    assert "container web ended with 3" in result.err and "container web exit 3" not in result.err, "told once"


def described(job, stacks, name, **changes):
    """An answer of DescribeServices with a changed PRIMARY deployment."""
    [service] = job.boto3("ecs").describe_services(cluster=stacks.stack, services=[name])["services"]
    service = {k: v for k, v in service.items() if k in ("serviceName", "status", "desiredCount", "runningCount")}
    deployment = {"id": "ecs-svc/other", "status": "PRIMARY", "desiredCount": 1, "runningCount": 1, "pendingCount": 0}
    return json.dumps({"services": [service | {"deployments": [deployment | changes], "events": []}], "failures": []})


@pytest.mark.parametrize(("changes", "code", "outcome"), [
    ({"rolloutState": "IN_PROGRESS"}, 5, "superseded"),
    ({"rolloutState": "IN_PROGRESS",
      "rolloutStateReason": "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."}, 1, "failed")])
def test_the_primary_deployment_is_another(job, judge, standing_stacks, make, changes, code, outcome):
    name = make()
    settled(job, standing_stacks, name)
    body = described(job, standing_stacks, name, **changes)
    # Without service deployments, whose state would decide.
    judge.inject("ecs", "ListServiceDeployments", times=9, status=200, body='{"serviceDeployments": []}')
    judge.inject(
        "ecs", "DescribeServices", times=9, status=200, body=body,
        where=lambda *_: bool(judge.requests("ecs", "UpdateService", label=judge.label)))
    assert job.fgctl("update-service", name, "--output", "json").expect(code).json["services"][0]["outcome"] == outcome


def test_interrupted(job, judge, standing_stacks, make):
    name = make(is_ever_well=False)
    running = job.start("update-service", name)
    running.line(r"deployment ecs-svc/\S+ started")
    running.interrupt()
    result = running.wait(30).expect(130)
    assert "only the watching has ended" in result.err
    assert f"the deployment of service {name} goes on" in result.err
    assert f"'fgctl service-status {name}'" in result.err
    assert f"'fgctl service-rollback {name}'" in result.err
    assert [r.operation for r in judge.requests(label=judge.label, mutating=True)] == ["UpdateService"]


def test_a_terminal_is_asked_whether_to_roll_back(job, judge, make):
    name = make(is_ever_well=False)
    with terminal.fgctl(job, "update-service", name) as running:
        running.expect(" started")
        running.interrupt()
        running.expect("roll back? [y/N] ")
        running.type("y")
        # A restart has nothing else to go back to.
        running.expect("nothing else ran before")
        assert running.process.wait(60) == 130, running.text


def revision(job, stacks, name, command):
    """Deploys another revision of the service's task definition and gives both."""
    ecs = job.boto3("ecs")
    before = primary(job, stacks, name)["taskDefinition"]
    after = ecs.register_task_definition(
        family=job.stack, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        containerDefinitions=[{"name": "web", "image": "busybox:local", "command": ["sh", "-c", command]}],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=stacks.stack, service=name, taskDefinition=after)
    return before, after


def test_several_are_followed_at_once_and_the_worst_counts(job, judge, make):
    good = make("good")
    bad = make("bad", command="exit 3")
    mark = judge.mark()
    result = job.fgctl("update-service", good, bad, "--output", "json").expect(1)
    reports = {r["service"]: r for r in result.json["services"]}
    assert (reports[good]["outcome"], reports[bad]["outcome"]) == ("succeeded", "failed")
    assert f"{bad}: " in result.err and "ended with 3" in result.err
    assert len([r for r in judge.requests(since=mark) if r.operation == "UpdateService"]) == 2


def test_a_unique_ending_is_used_and_said(job, judge, standing_stacks, make):
    name = make("nightly_web", desired=0)
    other = make("other_web", desired=0)
    ending = name.removeprefix("nightly_")
    result = job.fgctl("update-service", ending).expect(64)
    assert name in result.err and other in result.err
    result = job.fgctl("update-service", name, ending).expect(64)
    assert judge.requests(label=judge.label, mutating=True) == []
    job.boto3("ecs").delete_service(cluster=standing_stacks.stack, service=other, force=True)
    result = job.fgctl("update-service", ending, "--no-wait").expect(0)
    assert f"'{ending}' is service {name}" in result.err


def test_too_many_failed_tasks_bring_back_what_ran_before(job, judge, standing_stacks, make):
    """Local AWS has no service deployments: the task definition before is deployed again."""
    name = make()
    settled(job, standing_stacks, name)
    before, after = revision(job, standing_stacks, name, "exit 3")
    running = job.start("update-service", name, "--max-failed-tasks", "1", "--output", "json")
    result = running.wait().expect(1)
    [report] = result.json["services"]
    assert "given up on after" in report["reason"]
    assert "container web ended with 3" in report["reason"]


def test_status_shows_what_runs(job, standing_stacks, make):
    name = make()
    settled(job, standing_stacks, name)
    [service] = job.fgctl("service-status", name, "--fail", "--output", "json").expect(0).json["services"]
    assert (service["state"], service["runningCount"]) == ("settled", 1)
    assert [(i["container"], i["image"], i["tasks"]) for i in service["images"]] == [("web", "busybox:local", 1)]
    text = job.fgctl("service-status", name).expect(0).out
    assert f"service {name}: settled" in text
    assert "task definition" in text and "circuit breaker off" in text
    failing = make("failing", command="exit 3")
    result = job.fgctl("service-status", failing, "--fail")
    assert result.code in (1, 2), result


def test_status_of_a_cluster_that_is_not_there(job):
    job.write_env(STACK_NAME="nowhere-at-all", ECS_CLUSTER="nowhere-at-all")
    for command in (("service-status",), ("service-status", "web"), ("update-service", "web")):
        refused = job.fgctl(*command).expect(1)
        assert "fgctl: find services: cluster nowhere-at-all does not exist" in refused.err, refused
        assert "'fgctl cf-create-stack'" in refused.err


def test_without_a_stack_the_revision_before_is_deployed(job, judge, standing_stacks, make):
    name = make()
    settled(job, standing_stacks, name)
    before, after = revision(job, standing_stacks, name, "trap 'exit 0' TERM; sleep 600 & wait")
    settled(job, standing_stacks, name)
    mark = judge.mark()
    plan = job.fgctl("service-rollback", name, "--dry-run", "--output", "json").expect(0).json
    assert (plan["action"], plan["from"]["taskDefinition"], plan["to"]["taskDefinition"]) == (
        "deployRevision", after, before)
    assert judge.requests(since=mark, mutating=True) == []
    # Who may not read the history of deployments is given the revision before all the same.
    judge.inject("ecs", "ListServiceDeployments", status=400, code="AccessDeniedException")
    blind = job.fgctl("service-rollback", name, "--dry-run", "--output", "json").expect(0).json
    assert blind["to"]["taskDefinition"] == before
    result = job.fgctl("service-rollback", name, "--output", "json").expect(0)
    assert result.json["outcome"] == "rolledBack"
    assert result.json["deployment"]["outcome"] == "succeeded"
    assert "an earlier task definition is deployed; no stack owns it" in result.err
    assert primary(job, standing_stacks, name)["taskDefinition"] == before
    result = job.fgctl("service-rollback", name, "--to", "999999").expect(1)
    assert "there is no task definition" in result.err


TEMPLATE = """
Parameters:
  WebVersion: {Type: String}
  ConfigRelease: {Type: String}
  Cluster: {Type: String}
Resources:
  Definition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Ref AWS::StackName
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions:
        - Name: config
          Image: registry.example/fgctl:1
          Essential: false
          Command: [config-pull, /config, --release, !Ref ConfigRelease]
        - Name: web
          Image: !Sub "registry.example/app/web:${WebVersion}"
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Definition
      DesiredCount: 0
      LaunchType: FARGATE
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-0a]}}
Outputs:
  WebService: {Value: !GetAtt Service.Name}
"""


def test_a_stack_goes_back_with_its_service(job, judge, standing_stacks):
    formation, stack = job.boto3("cloudformation"), f"{job.stack}-web-{job.suffix}"

    def parameters(version, release):
        values = {"WebVersion": version, "ConfigRelease": release, "Cluster": standing_stacks.stack}
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]

    def status():
        return formation.describe_stacks(StackName=stack)["Stacks"][0]

    formation.create_stack(StackName=stack, TemplateBody=TEMPLATE, Parameters=parameters("0.1", "aa" * 32))
    job.on_cleanup("stack", lambda: wait_until("the stack deleted", lambda: parts.status_of(job, stack) is None))
    job.on_cleanup("deletion of the stack", lambda: formation.delete_stack(StackName=stack))
    wait_until("the stack", lambda: status()["StackStatus"] == "CREATE_COMPLETE")
    formation.update_stack(StackName=stack, TemplateBody=TEMPLATE, Parameters=parameters("0.2", "bb" * 32))
    wait_until("the update", lambda: status()["StackStatus"] == "UPDATE_COMPLETE")
    here = ("--set", f"STACK_NAME={stack}", "--set", f"ECS_CLUSTER={standing_stacks.stack}")

    plan = job.fgctl("service-rollback", "web", "--dry-run", "--output", "json", *here).expect(0).json
    assert (plan["action"], plan["stack"]) == ("updateStack", stack)
    assert plan["parameters"] == [
        {"name": "WebVersion", "from": "0.2", "to": "0.1"},
        {"name": "ConfigRelease", "from": "bb" * 32, "to": "aa" * 32}]
    result = job.fgctl("service-rollback", "web", "--yes", "--output", "json", *here).expect(0)
    assert result.json["outcome"] == "rolledBack"
    assert "(output WebService of stack" in result.err
    assert "parameter WebVersion: 0.2 -> 0.1" in result.err
    after = {p["ParameterKey"]: p["ParameterValue"] for p in status()["Parameters"]}
    assert (after["WebVersion"], after["ConfigRelease"]) == ("0.1", "aa" * 32)
    sent = [r for r in judge.requests(label=judge.label, mutating=True) if r.service == "ecs"]
    assert sent == []
    [shown] = job.fgctl("service-status", "--output", "json", *here).expect(0).json["services"]
    assert (shown["state"], shown["configRelease"]) == ("scaledToZero", "aa" * 32)
