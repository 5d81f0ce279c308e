"""cf-diagnose, and what failing operations say of their cause."""

import json

from parts import IMAGE, TEMPLATES, create, outputs_of, stack_of

NETWORK = {"SUBNETS": "subnet-0a,subnet-0b", "SECURITY_GROUPS": "sg-0a"}


def test_a_failing_container_is_told_with_its_last_lines(project):
    project.write_env(**NETWORK)
    create(project, project.stack, (TEMPLATES / "task.yaml").read_text(), ImageUri=IMAGE)
    healthy = project.fgctl("cf-diagnose").expect(0)
    assert "nothing failed that is still known" in healthy.out
    project.fgctl("cf-diagnose", "--fail").expect(0)
    project.fgctl("ecs-run-task", "--command", "sh -c 'for n in $(seq 60); do echo line $n; done; exit 7'").expect(7)
    report = project.fgctl("cf-diagnose", "--output", "json").expect(0).json
    [task] = report["tasks"]
    assert task["verdict"]["exitCode"] == 7
    [log] = task["logs"]
    assert log["lines"] == [f"line {n}" for n in range(11, 61)]
    text = project.fgctl("cf-diagnose", "--fail").expect(1).out
    assert f"container {project.stack}: exit code 7" in text
    assert "line 60" in text
    # Another stack of that name has nothing to do with it, though ECS still shows the task.
    project.fgctl("cf-delete-stack", "--yes").expect(0)
    create(project, project.stack, (TEMPLATES / "task.yaml").read_text(), ImageUri=IMAGE)
    assert "nothing failed that is still known" in project.fgctl("cf-diagnose").expect(0).out


def test_a_missing_image_is_named(project):
    project.write_env(**NETWORK)
    image = f"{project.registry}/{project.image}-none:0.1"
    create(project, project.stack, (TEMPLATES / "task.yaml").read_text(), ImageUri=image)
    failed = project.fgctl("ecs-run-task").expect(125)
    assert "CannotPullContainerError" in failed.err
    assert f"missing image: {image}" in failed.err
    assert f"ECR has no repository {project.image}-none" in failed.err
    report = project.fgctl("cf-diagnose", project.stack, "--output", "json").expect(0).json
    assert report["findings"][0]["kind"] == "missingImage"
    assert report["findings"][0]["facts"] == [f"ECR has no repository {project.image}-none"]
    assert "fgctl docker-push" in report["findings"][0]["advice"]
    assert "next: build and push it" in project.fgctl("cf-diagnose").expect(0).out


def test_evidence_that_a_rollback_destroyed(project, judge):
    """The rollback's events are put into the answers; the service that they name is truly gone, as ECS tells."""
    ecs = project.boto3("ecs")
    ecs.create_cluster(clusterName=project.stack)
    project.on_cleanup("cluster", lambda: ecs.delete_cluster(cluster=project.stack))
    described = ecs.describe_services(cluster=project.stack, services=["web"])
    assert (described["services"], described["failures"][0]["reason"]) == ([], "MISSING")
    create(project, project.stack, "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
    stack = stack_of(project)["StackId"]
    members = "".join(
        f"<member><StackId>{stack}</StackId><EventId>{number}</EventId><StackName>{project.stack}</StackName>"
        f"<LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>"
        f"<ResourceType>{kind}</ResourceType><Timestamp>2026-01-01T00:00:0{number}Z</Timestamp>"
        f"<ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason></member>"
        for number, logical, physical, kind, status, reason in (
            (3, project.stack, stack, "AWS::CloudFormation::Stack", "ROLLBACK_COMPLETE", ""),
            (2, "Web", f"arn:aws:ecs:us-east-1:000000000000:service/{project.stack}/web", "AWS::ECS::Service",
             "CREATE_FAILED", "Exceeded attempts to wait"),
            (1, project.stack, stack, "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", "User Initiated")))
    judge.inject("cloudformation", "DescribeStackEvents", status=200, body=(
        "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>"
        f"{members}</StackEvents></DescribeStackEventsResult></DescribeStackEventsResponse>"))
    judge.inject("cloudformation", "DescribeStacks", status=200, body=(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
        f"<StackId>{stack}</StackId><StackName>{project.stack}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>"
        "<StackStatus>ROLLBACK_COMPLETE</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"))
    report = project.fgctl("cf-diagnose", "--output", "json").expect(0).json
    assert report["cause"]["path"] == ["Web"]
    assert any("the rollback has deleted service Web" in note and "--no-rollback" in note for note in report["notes"])


def test_a_subnet_without_a_route_is_named(project, judge):
    """Containers of local AWS always reach their registry: the answers of ECS are put in, those of EC2 are real."""
    create(project, project.parent_stack, (TEMPLATES / "network.yaml").read_text())
    create(project, project.stack, (TEMPLATES / "task.yaml").read_text(), ImageUri=IMAGE)
    network, outputs = outputs_of(project, project.parent_stack), outputs_of(project)
    arn = f"arn:aws:ecs:us-east-1:000000000000:task/{project.stack}/0a"
    task = {
        "taskArn": arn, "taskDefinitionArn": outputs["TaskDefinitionArn"], "lastStatus": "STOPPED",
        "stopCode": "TaskFailedToStart", "stoppedAt": 1,
        "stoppedReason": "CannotPullContainerError: pull failed: dial tcp 10.0.0.9:443: i/o timeout",
        "attachments": [{"type": "ElasticNetworkInterface", "details": [
            {"name": "subnetId", "value": network["SubnetOne"]}]}],
        "containers": [{"name": project.stack, "lastStatus": "STOPPED"}]}
    judge.inject("ecs", "ListTasks", status=200, body=json.dumps({"taskArns": [arn]}))
    judge.inject("ecs", "DescribeTasks", status=200, body=json.dumps({"tasks": [task], "failures": []}))
    report = project.fgctl("cf-diagnose", "--output", "json").expect(0).json
    assert (report["findings"][0]["kind"], report["findings"][0]["thing"]) == ("noRoute", "10.0.0.9:443")
    route, endpoints = report["findings"][0]["facts"]
    assert route.startswith(f"{network['SubnetOne']} routes out by internet gateway {network['InternetGatewayId']}")
    assert endpoints.startswith(network["VpcId"])
