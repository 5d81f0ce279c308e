"""update-service: the deployment that was started is followed, never 'is the service stable'."""

import json
import re

import pytest
from harness import wait_until

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a"], "securityGroups": ["sg-0a"]}}


@pytest.fixture
def make(job, standing_stacks):
    """Makes services of the standing cluster."""
    ecs = job.boto3("ecs")

    def make_service(name="web", command="trap 'exit 0' TERM; while :; do sleep 0.2; done", desired=1, **more):
        name = f"{name}-{job.suffix}"
        ecs.register_task_definition(
            family=job.stack, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            containerDefinitions=[{"name": "web", "image": "busybox:local", "command": ["sh", "-c", command]}])
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
    wait_until("the service", lambda: primary(job, stacks, name)["rolloutState"] == "COMPLETED", 60)


def test_a_deployment_is_followed_to_its_end(job, judge, standing_stacks, make):
    name = make()
    settled(job, standing_stacks, name)
    before = primary(job, standing_stacks, name)["id"]
    result = job.fgctl("update-service", name, "--output", "json").expect(0)
    report = result.json
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
    assert planned.json["forceNewDeployment"] is True
    assert judge.requests(label=judge.label, mutating=True) == []
    result = job.fgctl("update-service", name, "--no-wait", "--output", "json").expect(0)
    assert result.json["outcome"] == "started"
    assert "scaled to zero" in result.err


def test_the_name_is_exact(job, judge, make):
    name = make(desired=0)
    result = job.fgctl("update-service", name[:-1]).expect(1)
    assert "has no service of exactly this name" in result.err
    assert name in result.err
    assert judge.requests(label=judge.label, mutating=True) == []


def test_a_deployment_that_does_not_come_about(job, make):
    # Without a circuit breaker ECS tries for ever; a second is too short for the third failure, with which fgctl gives up.
    name = make(command="sleep 1; exit 3")
    result = job.fgctl("update-service", name, "--timeout", "1s", "--output", "json").expect(3)
    assert result.json["error"]["kind"] == "timedOut"
    assert "goes on" in result.json["error"]["hint"]


def test_the_circuit_breaker_ends_it(job, make):
    name = make(
        command="exit 3", deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    result = job.fgctl("update-service", name, "--output", "json").expect(1)
    report = result.json
    assert report["outcome"] == "failed"
    assert "circuit breaker" in report["reason"]
    assert 1 <= len(report["stoppedTasks"]) <= 3
    assert "container web exit 3" in report["stoppedTasks"][0]["reason"]
    assert "container web exit 3" in result.err


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
    assert job.fgctl("update-service", name, "--output", "json").expect(code).json["outcome"] == outcome


def test_interrupted(job, judge, standing_stacks, make):
    name = make(command="exit 3")
    running = job.start("update-service", name)
    running.line(r"deployment ecs-svc/\S+ started")
    running.interrupt()
    result = running.wait(20).expect(130)
    assert "only the watching has ended" in result.err
    assert re.search(r"deployment ecs-svc/\S+ of service \S+ goes on in cluster", result.err)
    assert f"aws ecs describe-services --cluster {standing_stacks.stack} --services {name}" in result.err
    assert "aws ecs stop-service-deployment" in result.err
    assert [r.operation for r in judge.requests(label=judge.label, mutating=True)] == ["UpdateService"]
