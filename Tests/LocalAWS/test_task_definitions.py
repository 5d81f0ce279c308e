"""Task definitions from templates (bin/lib/local_aws/overlay/task_definitions.py)."""

import json

import pytest
from botocore.exceptions import ClientError
from conftest import IMAGE, REGION, client, wait_for


@pytest.fixture
def stack(lab):
    """Creates a stack of one task definition; its last description. The stack is deleted after the test."""
    cloudformation = client("cloudformation")

    def create(**properties):
        template = {"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": lab.name, "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc",
            "RequiresCompatibilities": ["FARGATE"]} | properties}}}
        cloudformation.create_stack(StackName=lab.name, TemplateBody=json.dumps(template))

        def described():
            found = cloudformation.describe_stacks(StackName=lab.name)["Stacks"][0]
            return None if found["StackStatus"].endswith("IN_PROGRESS") else found

        return wait_for("stack", described)

    yield create
    cloudformation.delete_stack(StackName=lab.name)


def test_nested_members_of_a_template_reach_the_container(lab, stack):
    secrets = client("ssm")
    secrets.put_parameter(Name=f"/{lab.name}/key", Value="hush", Type="SecureString")
    try:
        made = stack(
            RuntimePlatform={"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
            ContainerDefinitions=[{
                "Name": "c0", "Image": IMAGE, "EntryPoint": ["sh", "-c"], "Command": ['echo "$KEY $PLAIN"'],
                "DockerLabels": {"Some.Label": "Kept"},
                "Secrets": [{"Name": "KEY", "ValueFrom": f"/{lab.name}/key"}],
                "Environment": [{"Name": "PLAIN", "Value": "text"}],
                "LogConfiguration": {"LogDriver": "awslogs", "Options": {
                    "awslogs-group": lab.name, "awslogs-region": REGION, "awslogs-stream-prefix": "run"}}}])
        assert made["StackStatus"] == "CREATE_COMPLETE"
        definition = lab.ecs.describe_task_definition(taskDefinition=lab.name)["taskDefinition"]
        assert definition["runtimePlatform"] == {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}
        assert definition["containerDefinitions"][0]["dockerLabels"] == {"Some.Label": "Kept"}
        assert lab.output(lab.name) == ["hush text"]
    finally:
        secrets.delete_parameter(Name=f"/{lab.name}/key")


def test_sizes_that_fargate_has_not_fail_the_stack(lab, stack):
    made = stack(Cpu="256", Memory="4096", ContainerDefinitions=[{"Name": "c0", "Image": IMAGE}])
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    events = client("cloudformation").describe_stack_events(StackName=lab.name)["StackEvents"]
    reasons = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert any("No Fargate configuration exists for given values" in reason for reason in reasons), reasons


@pytest.mark.parametrize("cpu,memory,valid", [
    ("256", "512", True), ("256", "1024", True), ("256", "1536", False), ("256", "2048", True), ("300", "512", False),
    ("1 vCPU", "2 GB", True), ("1024", "8192", True), ("1024", "9216", False), ("16384", "122880", True)])
def test_sizes(lab, cpu, memory, valid):
    def register():
        answer = lab.ecs.register_task_definition(
            family=f"{lab.name}-size", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu=cpu, memory=memory,
            containerDefinitions=[{"name": "c0", "image": IMAGE}])
        lab.ecs.deregister_task_definition(taskDefinition=answer["taskDefinition"]["taskDefinitionArn"])

    if valid:
        register()
    else:
        with pytest.raises(ClientError, match="No Fargate configuration exists"):
            register()
