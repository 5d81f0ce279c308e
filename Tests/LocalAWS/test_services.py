"""ECS services and the stacks that hold them (overlay/service_scheduler.py, service_deployments.py, service_stacks.py)."""

import json
import re

import pytest
from botocore.exceptions import ClientError
from conftest import IMAGE, client, wait_for

_RUNS = 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
_NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
_BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Service:
    """A service of a test."""

    def __init__(self, lab, definition, desired=1, **settings):
        self.lab, self.name = lab, f"{lab.name}-web"
        self.created = lab.ecs.create_service(
            cluster=lab.name, serviceName=self.name, taskDefinition=definition, desiredCount=desired, launchType="FARGATE",
            networkConfiguration=_NETWORK, **settings)["service"]

    def show(self):
        return self.lab.ecs.describe_services(cluster=self.lab.name, services=[self.name])["services"][0]

    def primary(self):
        return next(one for one in self.show()["deployments"] if one["status"] == "PRIMARY")

    def settled(self):
        return wait_for("steady state", lambda: (p := self.primary())["rolloutState"] == "COMPLETED" and p)

    def update(self, **settings):
        answer = self.lab.ecs.update_service(cluster=self.lab.name, service=self.name, **settings)["service"]
        return next(one for one in answer["deployments"] if one["status"] == "PRIMARY")

    def tasks(self, status="RUNNING"):
        arns = self.lab.ecs.list_tasks(cluster=self.lab.name, serviceName=self.name, desiredStatus=status)["taskArns"]
        return self.lab.ecs.describe_tasks(cluster=self.lab.name, tasks=arns)["tasks"] if arns else []

    def says(self):
        return [event["message"] for event in reversed(self.show()["events"])]

    def deployments(self, **more):
        return self.lab.ecs.list_service_deployments(
            cluster=self.lab.name, service=self.name, **more)["serviceDeployments"]

    def deployment(self, arn):
        return self.lab.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def images(self, revision):
        shown = self.lab.ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"][0]
        return shown["taskDefinition"], shown["containerImages"]


@pytest.fixture
def service(lab):
    made = []

    def make(definition, **settings):
        made.append(Service(lab, definition, **settings))
        return made[-1]

    yield make
    for one in made:
        lab.ecs.delete_service(cluster=lab.name, service=one.name, force=True)


def test_a_deployment_begins_in_progress_and_completes_with_events(lab, service):
    web = service(lab.shell(_RUNS), desired=2)
    begun = web.created["deployments"][0]
    assert (begun["rolloutState"], web.created["runningCount"]) == ("IN_PROGRESS", 0)
    done = web.settled()
    assert done["id"] == begun["id"] and re.fullmatch(r"ecs-svc/\d{19}", done["id"])
    assert (done["runningCount"], done["failedTasks"]) == (2, 0)
    assert done["rolloutStateReason"] == f"ECS deployment {done['id']} completed."
    assert {task["startedBy"] for task in web.tasks()} == {done["id"]}
    assert {task["group"] for task in web.tasks()} == {f"service:{web.name}"}
    says = web.says()
    assert re.fullmatch(rf"\(service {web.name}\) has started [12] tasks: \(task [\w-]+\)( \(task [\w-]+\))?\.", says[0])
    assert says[-2:] == [f"(service {web.name}) (deployment {done['id']}) deployment completed.",
                         f"(service {web.name}) has reached a steady state."]


def test_a_new_deployment_runs_before_the_old_one_is_stopped_with_its_own_code(lab, service):
    web = service(lab.shell(_RUNS))
    web.settled()
    [old] = web.tasks()
    begun = web.update(forceNewDeployment=True)
    both = wait_for("two at once", lambda: len(web.tasks()) == 2 and web.tasks())
    assert {task["startedBy"] for task in both} == {old["startedBy"], begun["id"]}
    web.settled()
    task = lab.status(old["taskArn"], "STOPPED")
    assert task["containers"][0]["exitCode"] == 7
    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"] == f"Scaling activity initiated by (deployment {begun['id']})"
    wait_for("one deployment", lambda: len(web.show()["deployments"]) == 1)
    assert any("has stopped 1 running tasks: (task " in text for text in web.says())


def test_a_deployment_is_complete_when_the_task_before_has_stopped(lab, service):
    # It hears no TERM, and is killed three seconds later.
    web = service(lab.shell("exec sleep 600", stopTimeout=3))
    web.settled()
    [old] = web.tasks()
    web.update(forceNewDeployment=True)
    web.settled()
    assert lab.task(old["taskArn"])["lastStatus"] == "STOPPED"
    assert (web.show()["runningCount"], len(web.show()["deployments"])) == (1, 1)


def test_with_0_and_100_there_are_never_two(lab, service):
    script = 'trap "sleep 1; exit 0" TERM; echo ready; while :; do sleep 0.1; done'
    web = service(lab.shell(script), deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100})
    web.settled()
    [old] = web.tasks()
    begun = web.update(forceNewDeployment=True)
    web.settled()
    [new] = web.tasks()
    assert new["startedBy"] == begun["id"]
    assert lab.task(old["taskArn"])["stoppedAt"] <= new["createdAt"]


def test_a_circuit_breaker_rolls_back_and_says_so(lab, service):
    good = lab.shell(_RUNS)
    web = service(good, deploymentConfiguration=_BREAKER)
    web.settled()
    [old] = web.tasks()
    before = web.deployments()[0]
    begun = web.update(taskDefinition=lab.shell("exit 3"))
    failed = wait_for("failed", lambda: next(
        (one for one in web.show()["deployments"] if one["id"] == begun["id"] and one["rolloutState"] == "FAILED"), None))
    assert failed["failedTasks"] == 3
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    back = web.settled()
    assert back["id"] not in (begun["id"], old["startedBy"])
    assert back["rolloutStateReason"] == (
        f"ECS deployment circuit breaker: rolling back to deploymentId {old['startedBy']}.")
    assert web.show()["taskDefinition"] == good
    assert [task["taskArn"] for task in web.tasks()] == [old["taskArn"]]
    says = web.says()
    assert f"(service {web.name}) (deployment {begun['id']}) deployment failed: tasks failed to start." in says
    assert f"(service {web.name}) rolling back to deployment {old['startedBy']}." in says
    brief = web.deployments()[0]
    assert brief["status"] == "ROLLBACK_SUCCESSFUL"
    shown = web.deployment(brief["serviceDeploymentArn"])
    assert "circuit breaker" in shown["rollback"]["reason"]
    assert shown["rollback"]["serviceRevisionArn"] == before["targetServiceRevisionArn"]
    assert shown["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}


def test_service_deployments_and_revisions(lab, service, image):
    name = image('CMD ["sleep", "600"]')
    first = lab.define({"image": name, "stopTimeout": 10})
    web = service(first)
    web.settled()
    second = lab.shell(_RUNS)
    web.update(taskDefinition=second)
    # The old container hears no TERM: the deployment is under way for its stop timeout at least.
    under_way = wait_for(
        "current", lambda: web.show().get("currentServiceDeployment") and web.deployments(status=["IN_PROGRESS"]))
    assert [one["status"] for one in under_way] == ["IN_PROGRESS"]
    web.settled()
    new, old = web.deployments()
    assert (new["status"], old["status"]) == ("SUCCESSFUL", "SUCCESSFUL")
    assert old["createdAt"] < new["createdAt"] < new["finishedAt"]
    [source] = web.deployment(new["serviceDeploymentArn"])["sourceServiceRevisions"]
    assert source["arn"] == old["targetServiceRevisionArn"]
    assert web.images(new["targetServiceRevisionArn"])[0] == second
    repository = name.split("/", 1)[1].split(":")[0]
    digest = client("ecr").describe_images(repositoryName=repository)["imageDetails"][0]["imageDigest"]
    assert web.images(old["targetServiceRevisionArn"]) == (
        first, [{"containerName": "c0", "image": name, "imageDigest": digest}])


def test_stopping_a_service_deployment_rolls_back(lab, service):
    good = lab.shell(_RUNS)
    web = service(good)
    web.settled()
    begun = web.update(taskDefinition=lab.define({"image": "localhost:4566/nothing:1"}))
    arn = wait_for("service deployment", lambda: web.deployments(status=["IN_PROGRESS"]))[0]["serviceDeploymentArn"]
    assert lab.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")["serviceDeploymentArn"] == arn
    wait_for("rolled back", lambda: web.deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL")
    assert web.show()["taskDefinition"] == good
    assert web.primary()["id"] != begun["id"]
    with pytest.raises(ClientError) as refused:
        lab.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    with pytest.raises(ClientError) as refused:
        lab.ecs.stop_service_deployment(serviceDeploymentArn=arn + "x")
    assert refused.value.response["Error"]["Code"] == "ServiceDeploymentNotFoundException"


def test_a_newer_deployment_supersedes_one_under_way(lab, service):
    web = service(lab.shell(_RUNS))
    web.settled()
    web.update(taskDefinition=lab.define({"image": "localhost:4566/nothing:1"}))
    web.update(taskDefinition=lab.shell(_RUNS))
    web.settled()
    assert [one["status"] for one in web.deployments()] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_an_unhealthy_task_is_replaced(lab, service):
    # It gets sick when the test says so. A check that is only slow is none that failed.
    check = {"command": ["CMD-SHELL", "! test -e /sick"], "interval": 5, "retries": 1, "timeout": 60}
    web = service(lab.shell("exec sleep 600", healthCheck=check, stopTimeout=2))
    assert web.settled()["runningCount"] == 1
    [first] = web.tasks()
    assert first["healthStatus"] == "HEALTHY"
    lab.execute(first["taskArn"], "c0", "touch", "/sick")
    task = lab.status(first["taskArn"], "STOPPED")
    assert task["stoppedReason"] == "Task failed container health checks"
    wait_for("another", lambda: [one["taskArn"] for one in web.tasks()] not in ([], [first["taskArn"]]))


class Stack:
    def __init__(self, lab):
        self.lab, self.name, self.cloudformation = lab, lab.name, client("cloudformation")

    def template(self, command, desired=1, breaker=True):
        service = {
            "ServiceName": f"{self.name}-web", "Cluster": self.name, "TaskDefinition": {"Ref": "Task"}, "LaunchType": "FARGATE",
            "DesiredCount": desired, "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
            "AvailabilityZoneRebalancing": "DISABLED",
            "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": breaker, "Rollback": True}}}
        task = {"Family": self.name, "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
                "ContainerDefinitions": [{"Name": "web", "Image": IMAGE, "StopTimeout": 2, "Command": ["sh", "-c", command]}]}
        return json.dumps({"Resources": {
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
            "Web": {"Type": "AWS::ECS::Service", "Properties": service}}})

    def create(self, command, **settings):
        self.cloudformation.create_stack(StackName=self.name, TemplateBody=self.template(command, **settings))

    def update(self, command, **settings):
        self.cloudformation.update_stack(StackName=self.name, TemplateBody=self.template(command, **settings))

    def status(self):
        try:
            return self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        except ClientError:
            return None

    def settled(self):
        return wait_for("stack settled", lambda: not (s := self.status() or "gone").endswith("_IN_PROGRESS") and s)

    def events(self, logical_id):
        return [event for event in self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
                if event["LogicalResourceId"] == logical_id]

    def service(self):
        return self.lab.ecs.describe_services(cluster=self.lab.name, services=[f"{self.name}-web"])["services"][0]


@pytest.fixture
def stack(lab):
    made = Stack(lab)
    yield made
    made.settled()
    made.cloudformation.delete_stack(StackName=made.name)
    wait_for("stack deleted", lambda: made.status() is None)


_TRIPPED = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."


def test_a_stack_is_under_way_until_its_service_is_stable(lab, stack):
    stack.create(_RUNS)
    initiated = wait_for("initiated", lambda: [
        event for event in stack.events("Web") if event.get("ResourceStatusReason") == "Resource creation Initiated"])
    assert initiated[0]["PhysicalResourceId"].endswith(f"service/{lab.name}/{lab.name}-web")
    assert stack.settled() == "CREATE_COMPLETE"
    shown = stack.service()
    # By the times of their events: which of them a look from outside meets is chance.
    stable = next(event["createdAt"] for event in shown["events"] if "has reached a steady state" in event["message"])
    created = next(event["Timestamp"] for event in stack.events("Web") if event["ResourceStatus"] == "CREATE_COMPLETE")
    assert initiated[0]["Timestamp"] <= stable <= created
    assert (shown["runningCount"], shown["deployments"][0]["rolloutState"]) == (1, "COMPLETED")
    assert shown["availabilityZoneRebalancing"] == "DISABLED"


def test_a_creation_fails_with_its_service_and_takes_it_back(lab, stack):
    stack.create("exit 3")
    assert stack.settled() == "ROLLBACK_COMPLETE"
    failed = next(event for event in stack.events("Web") if event["ResourceStatus"] == "CREATE_FAILED")
    assert _TRIPPED in failed["ResourceStatusReason"]
    assert any(event["ResourceStatus"] == "DELETE_COMPLETE" and event["PhysicalResourceId"].endswith("-web")
               for event in stack.events("Web"))
    assert stack.service()["status"] == "INACTIVE"


def test_an_update_that_fails_is_rolled_back_with_its_service(lab, stack):
    stack.create(_RUNS)
    assert stack.settled() == "CREATE_COMPLETE"
    before = stack.service()["taskDefinition"]
    stack.update("exit 3")
    assert stack.settled() == "UPDATE_ROLLBACK_COMPLETE"
    failed = next(event for event in stack.events("Web") if event["ResourceStatus"] == "UPDATE_FAILED")
    assert _TRIPPED in failed["ResourceStatusReason"]
    assert {event["PhysicalResourceId"] for event in stack.events("Web") if event["ResourceStatus"].startswith("UPDATE_")} == {
        stack.service()["serviceArn"]}
    shown = stack.service()
    assert shown["taskDefinition"] == before
    assert shown["deployments"][0]["rolloutState"] == "COMPLETED"
    assert lab.ecs.describe_task_definition(taskDefinition=before)["taskDefinition"]["status"] == "ACTIVE"


def test_an_update_that_waits_can_be_cancelled(lab, stack):
    stack.create(_RUNS)
    assert stack.settled() == "CREATE_COMPLETE"
    before = stack.service()["taskDefinition"]
    stack.update("exit 3", breaker=False)
    wait_for("failures", lambda: len(stack.service()["deployments"]) > 1 and stack.status() == "UPDATE_IN_PROGRESS")
    stack.cloudformation.cancel_update_stack(StackName=stack.name)
    assert stack.settled() == "UPDATE_ROLLBACK_COMPLETE"
    # The service got its properties back, and the stack waited for it.
    shown = stack.service()
    assert (shown["taskDefinition"], shown["runningCount"]) == (before, 1)
    assert shown["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_creation_that_waits_can_be_deleted(lab, stack):
    stack.create("exit 3", breaker=False)
    wait_for("service", lambda: stack.events("Web"))
    # Its tasks end at once, so it never gets stable.
    assert stack.status() == "CREATE_IN_PROGRESS"
    stack.cloudformation.delete_stack(StackName=stack.name)
    wait_for("stack deleted", lambda: stack.status() is None)
    assert stack.service()["status"] == "INACTIVE"
