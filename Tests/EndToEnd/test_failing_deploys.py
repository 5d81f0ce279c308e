"""Failing deploys name the real cause within 5 s of its happening and end with 1; after the repair the same command succeeds.

What is real: images in the registry of local AWS and their absence, containers that end with 1, ECS services that start tasks
again and again, and the times at which all that happened (`stoppedAt`). What is not:

- Local AWS asks no execution role. Tasks that a role kept from starting are put into the answers of DescribeTasks, in the
  words that AWS documents (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).

`ecs-run-task` gives its container's code; a task that never started has none, so the code is 125, fgctl's own.
"""

import json
import re
import time

import pytest
import terminal
from harness import wait_until
from parts import SMALL, answering, own_seconds, put_image, status_of

LIMIT = 5.0
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a"], "securityGroups": ["sg-0a"]}}
ROLE = "arn:aws:iam::000000000000:role/team/nightly-ExecutionRole-1A2B"
STAYS = "trap 'exit 0' TERM; sleep 600 & wait"

DENIED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to "
    "retrieve ecr registry auth: service call has been retried 3 time(s): AccessDeniedException: User: "
    "arn:aws:sts::000000000000:assumed-role/nightly-ExecutionRole-1A2B/0c3 is not authorized to perform: "
    "ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action")


def told_in_time(running, judge, pattern, happened):
    """Awaits the line, and checks it against the moment that `happened` gives for what it found."""
    found = running.line(pattern)
    moment = happened(found)
    late = running.shown - moment - answering(judge, moment, running.shown)
    print(f"/{pattern}/ was shown {late:.2f} s after it happened")
    assert late <= LIMIT
    return found


def end_of_task(project, cluster):
    """The moment at which the task of a line `task ID…` ended, by the emulator's clock, which is this machine's."""
    def happened(found):
        def ended():
            [task] = project.boto3("ecs").describe_tasks(cluster=cluster, tasks=[found["id"]])["tasks"]
            return task.get("stoppedAt")
        return wait_until("the end of the task", ended).timestamp()
    return happened


def push(project, version="0.1", text=""):
    file = project.folder / "Dockerfile"
    if text not in (content := file.read_text()):
        file.write_text(f"{content}{text}\n")
    project.fgctl("docker-build", version).expect(0)
    project.fgctl("docker-push", version).expect(0)
    return f"{project.registry}/{project.image}:{version}"


def delete_image(project, version="0.1"):
    answer = project.boto3("ecr").batch_delete_image(
        repositoryName=project.image, imageIds=[{"imageTag": version}])
    assert answer["failures"] == []


@pytest.fixture
def service(job, standing_stacks):
    """Makes services of the standing cluster, and gives their tasks another definition."""
    ecs = job.boto3("ecs")

    class Service:
        name = f"web-{job.suffix}"

        def define(self, image="busybox:local", command=STAYS, is_ever_well=True):
            # A check that fails counts only after its start period: the deployment neither completes nor fails.
            check = {} if is_ever_well else {"healthCheck": {"command": ["CMD-SHELL", "exit 1"], "startPeriod": 300}}
            answer = ecs.register_task_definition(
                family=self.name, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
                executionRoleArn=ROLE,
                containerDefinitions=[{"name": "web", "image": image, "command": ["sh", "-c", command], **check}])
            return answer["taskDefinition"]["taskDefinitionArn"]

        def make(self, breaker=False, **definition):
            ecs.create_service(
                cluster=standing_stacks.stack, serviceName=self.name, taskDefinition=self.define(**definition),
                desiredCount=1, launchType="FARGATE", networkConfiguration=NETWORK,
                deploymentConfiguration={"deploymentCircuitBreaker": {"enable": breaker, "rollback": False}})
            job.on_cleanup("service", lambda: ecs.delete_service(
                cluster=standing_stacks.stack, service=self.name, force=True))
            wait_until("the service", lambda: self.state()["runningCount"] == 1)

        def change(self, **definition):
            ecs.update_service(
                cluster=standing_stacks.stack, service=self.name, taskDefinition=self.define(**definition))

        def state(self):
            return ecs.describe_services(cluster=standing_stacks.stack, services=[self.name])["services"][0]

    return Service()


# --- an image that is missing ---------------------------------------------------------------------------------------


def test_a_stack_for_a_missing_image_is_refused(project, judge):
    """Real: nothing is changed, and nothing has to be awaited."""
    put_image(project, "0.1")
    project.write("small.yaml", SMALL)
    mark = judge.mark()
    result = project.fgctl("cf-create-stack", "0.2", "--template", "small.yaml").expect(1)
    assert own_seconds(judge, mark) <= LIMIT
    assert f"find image {project.image}:0.2" in result.err
    assert judge.requests(label=judge.label, mutating=True) == []
    put_image(project, "0.2")
    project.fgctl("cf-create-stack", "0.2", "--template", "small.yaml").expect(0)


def test_a_task_whose_image_was_deleted(project, judge):
    """Real: the image was there when the stack was made, and is gone from ECR when the task starts."""
    project.write_env(SUBNETS="subnet-0a,subnet-0b", SECURITY_GROUPS="sg-0a")
    image = push(project)
    put_image(project, "0.0", "0.2")
    project.fgctl("cf-create-stack", "0.1").expect(0)
    delete_image(project)
    running = project.start("ecs-run-task")
    told_in_time(
        running, judge, r"task (?P<id>[\w-]+): the task never started: .*CannotPullContainerError",
        end_of_task(project, project.stack))
    result = running.wait().expect(125)
    assert f"missing image: {image}" in result.err
    assert re.search(rf"repository {project.image} has no 0\.1; the newest there: .*0\.2", result.err)
    assert "next: build and push it" in result.err
    assert result.err.count("CannotPullContainerError") == 1
    [finding] = project.fgctl("ecs-run-task", "--output", "json").expect(125).json["findings"]
    assert (finding["kind"], finding["thing"]) == ("missingImage", image)
    found = project.fgctl("cf-diagnose", "--fail").expect(1).out
    assert f"repository {project.image} has no 0.1" in found

    project.fgctl("docker-push", "0.1").expect(0)
    assert project.fgctl("ecs-run-task").expect(0).out == f"hello from {project.stack}\n"


@pytest.mark.parametrize("breaker", [False, True])
def test_a_service_whose_image_was_deleted(job, judge, standing_stacks, service, breaker):
    """Real: a new deployment pulls again."""
    image = push(job)
    service.make(breaker, image=image)
    delete_image(job)
    running = job.start("update-service", service.name)
    told_in_time(
        running, judge, r"task (?P<id>[\w-]+) failedToStart: .*CannotPullContainerError",
        end_of_task(job, standing_stacks.stack))
    result = running.wait().expect(1)
    assert f"missing image: {image}" in result.err
    assert f"repository {job.image} has no 0.1, and no tagged image at all" in result.err
    assert "CannotPullContainerError" in result.err.splitlines()[-2]
    assert "fgctl docker-push" in result.err.splitlines()[-1]

    job.fgctl("docker-push", "0.1").expect(0)
    job.fgctl("update-service", service.name).expect(0)


# --- a container that ends with 1 -----------------------------------------------------------------------------------


def test_a_task_that_ends_with_1(job, judge, standing_stacks):
    """Real."""
    running = job.start("ecs-run-task", "--command", "sh -c 'echo no such table; sleep 4; exit 1'")
    told_in_time(
        running, judge, r"task (?P<id>[\w-]+): container \w+ ended with 1", end_of_task(job, standing_stacks.stack))
    result = running.wait().expect(1)
    assert result.out == "no such table\n"
    assert result.err.count("ended with 1") == 1
    job.fgctl("ecs-run-task", "--command", "sh -c 'exit 0'").expect(0)


@pytest.mark.parametrize("breaker", [False, True])
def test_a_service_whose_tasks_end_with_1(job, judge, standing_stacks, service, breaker):
    """Real: without a circuit breaker ECS would try for ever, and fgctl gives up where one would trip."""
    service.make(breaker)
    service.change(command="sleep 1; exit 1")
    running = job.start("update-service", service.name)
    told_in_time(
        running, judge, r"task (?P<id>[\w-]+) failed: container web ended with 1", end_of_task(job, standing_stacks.stack))
    result = running.wait().expect(1)
    assert re.search(r"^fgctl: update service \S+: .*container web (ended with|exit) 1", result.err, re.M)
    service.change()
    job.fgctl("update-service", service.name).expect(0)


SERVICE = """Resources:
  Cluster:
    Type: AWS::ECS::Cluster
    Properties:
      ClusterName: !Ref AWS::StackName
  Tasks:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Ref AWS::StackName
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions:
        - Name: web
          Image: IMAGE
          Essential: true
          Command: [sh, -c, "COMMAND"]
  Web:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: web
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Tasks
      DesiredCount: 1
      LaunchType: FARGATE
      NetworkConfiguration:
        AwsvpcConfiguration:
          Subnets: [subnet-0a]
          SecurityGroups: [sg-0a]
"""


@pytest.mark.parametrize("case", ["image", "exit"])
def test_a_service_in_a_stack(project, judge, case):
    """Real. fgctl gives up after the third failed task; CloudFormation would go on for hours, so the way back is to delete
    the stack, as the message says."""
    if case == "image":
        image = push(project)
        delete_image(project)
        text = SERVICE.replace("IMAGE", image).replace("COMMAND", STAYS)
        pattern = r"task (?P<id>[\w-]+) failedToStart: .*CannotPullContainerError"
    else:
        image = "busybox:local"
        text = SERVICE.replace("IMAGE", image).replace("COMMAND", "sleep 1; exit 1")
        pattern = r"task (?P<id>[\w-]+) failed: container web ended with 1"
    put_image(project, "0.9")
    project.write("web.yaml", text)
    command = ("cf-create-stack", "0.9", "--template", "web.yaml")
    running = project.start(*command)
    told_in_time(running, judge, pattern, end_of_task(project, project.stack))
    result = running.wait().expect(1)
    error, hint = result.err.splitlines()[-2:]
    assert error.startswith(f"fgctl: stack {project.stack}: service Web keeps failing: ")
    assert ("CannotPullContainerError" if case == "image" else "container web ended with 1") in error
    assert "fgctl cf-delete-stack" in hint
    if case == "image":
        assert f"missing image: {image}" in error
        assert f"repository {project.image} has no 0.1" in result.err
    assert status_of(project) == "CREATE_IN_PROGRESS"

    project.fgctl("cf-delete-stack", "--yes").expect(0)
    if case == "image":
        project.fgctl("docker-push", "0.1").expect(0)
    project.write("web.yaml", text.replace("sleep 1; exit 1", STAYS))
    project.fgctl(*command).expect(0)
    ecs = project.boto3("ecs")
    wait_until("the service", lambda: ecs.describe_services(
        cluster=project.stack, services=["web"])["services"][0]["runningCount"] == 1, 30)


@pytest.mark.parametrize("answer", ["y", "n"])
def test_an_update_that_is_interrupted_can_be_rolled_back(project, judge, answer):
    """Real: CloudFormation waits for a service that does not settle."""
    put_image(project, "0.9")
    text = SERVICE.replace("IMAGE", "busybox:local")
    project.write("web.yaml", text.replace("COMMAND", STAYS))
    project.fgctl("cf-create-stack", "0.9", "--template", "web.yaml").expect(0)
    # Neither well, for its check fails, nor failing, for that counts only later.
    check = "          HealthCheck: {Command: [CMD-SHELL, exit 1], StartPeriod: 300}\n"
    project.write("web.yaml", text.replace("COMMAND", STAYS).replace("          Essential: true\n", f"          Essential: true\n{check}"))
    with terminal.fgctl(project, "cf-update-stack", "0.9", "--template", "web.yaml", "--yes") as running:
        running.expect("UPDATE_IN_PROGRESS AWS::ECS::Service Web")
        running.interrupt()
        running.expect(f"Update of stack {project.stack}: roll back? [y/N] ")
        running.type(answer)
        assert running.process.wait(60) == 130, running.text
        running.shows("")
    cancelled = judge.requests("cloudformation", "CancelUpdateStack", label=judge.label)
    assert len(cancelled) == (answer == "y")
    if answer == "y":
        assert f"stack {project.stack}: rolling back" in running.text
        wait_until("the rollback", lambda: status_of(project) == "UPDATE_ROLLBACK_COMPLETE")
    else:
        assert "CloudFormation goes on: watch it with 'fgctl cf-events --follow" in running.text
        assert "roll it back with 'fgctl service-rollback web'" in running.text
        project.boto3("cloudformation").cancel_update_stack(StackName=project.stack)
        wait_until("the rollback", lambda: status_of(project) == "UPDATE_ROLLBACK_COMPLETE")


# --- an execution role that may not pull ----------------------------------------------------------------------------


def refused_task(arn, definition, at, **more):
    return {
        "taskArn": arn, "taskDefinitionArn": definition, "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
        "stopCode": "TaskFailedToStart", "stoppedReason": DENIED, "createdAt": at - 3, "stoppedAt": at,
        "containers": [{"name": "web", "lastStatus": "STOPPED"}], **more}


def test_a_task_whose_role_cannot_pull(job, judge, standing_stacks):
    """Put into the answers: the stopped task. Real: its launch, and the run after the repair."""
    running = job.start("ecs-run-task", "--command", STAYS)
    arn = running.line(r"^started (\S+)$")[1]
    job.on_cleanup("task", lambda: job.boto3("ecs").stop_task(cluster=standing_stacks.stack, task=arn))
    happened = time.time()
    judge.inject("ecs", "DescribeTasks", times=9, status=200, body=json.dumps(
        {"tasks": [refused_task(arn, standing_stacks.stack, happened)], "failures": []}))
    told_in_time(running, judge, r"not authorized to perform: ecr:GetAuthorizationToken", lambda _: happened)
    result = running.wait().expect(125)
    assert "denied action: role nightly-ExecutionRole-1A2B may not ecr:GetAuthorizationToken on *" in result.err
    assert "the role is arn:aws:iam::000000000000:role/nightly-ExecutionRole-1A2B" in result.err
    assert "ecr:BatchGetImage" in result.err.splitlines()[-1]
    judge.clear_injections()
    job.fgctl("ecs-run-task", "--command", "true").expect(0)


def test_a_service_whose_role_cannot_pull(job, judge, standing_stacks, service):
    """Put into the answers: three stopped tasks and a rollout that goes on. Real: the service, and the deployment after
    the repair."""
    service.make(is_ever_well=False)
    cluster = standing_stacks.stack
    arns = [f"arn:aws:ecs:us-east-1:000000000000:task/{cluster}/{number}" for number in "abc"]
    since = judge.mark()
    started = {}

    def described(tasks):
        """Of the deployment that is under way, with that many failed tasks."""
        state = service.state()
        kept = {k: v for k, v in state.items() if k in ("serviceName", "status", "desiredCount", "taskDefinition")}
        primary = next(d for d in state["deployments"] if d["status"] == "PRIMARY")
        deployment = {
            "id": started["id"], "status": "PRIMARY", "desiredCount": 1, "runningCount": 0, "pendingCount": 1,
            "failedTasks": tasks, "rolloutState": "IN_PROGRESS", "createdAt": primary["createdAt"].timestamp()}
        return json.dumps({"services": [kept | {"deployments": [deployment], "events": []}], "failures": []})

    running = job.start("update-service", service.name)
    started["id"] = running.line(r"deployment (ecs-svc/\S+) started")[1]
    judge.wait_for("ecs", "UpdateService", since=since)
    happened = time.time()
    tasks = [
        refused_task(arn, service.state()["taskDefinition"], happened + number / 10, group=f"service:{service.name}",
                     clusterArn=cluster, createdAt=happened + 1)
        for number, arn in enumerate(arns)]
    judge.inject("ecs", "DescribeServices", times=99, status=200, body=described(3))
    judge.inject("ecs", "ListTasks", times=99, status=200, body=json.dumps({"taskArns": arns}))
    judge.inject("ecs", "DescribeTasks", times=99, status=200, body=json.dumps({"tasks": tasks, "failures": []}))
    told_in_time(running, judge, r"not authorized to perform: ecr:GetAuthorizationToken", lambda _: happened)
    result = running.wait().expect(1)
    assert "denied action: role nightly-ExecutionRole-1A2B may not ecr:GetAuthorizationToken on *" in result.err
    assert f"the role is {ROLE}" in result.err
    judge.clear_injections()
    service.change()
    job.fgctl("update-service", service.name).expect(0)
