"""Services that find each other by name (bin/lib/local_aws/overlay/service_discovery.py)."""

import pytest
from conftest import client, wait_for
from test_services import Service


@pytest.fixture
def registry(lab):
    """A service of Cloud Map in a private namespace: its id and ARN, and the name in DNS."""
    cloud_map = client("servicediscovery")
    namespace_name = f"{lab.name}.local"
    operation = cloud_map.create_private_dns_namespace(Name=namespace_name, Vpc="vpc-1")["OperationId"]
    namespace = cloud_map.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    made = cloud_map.create_service(
        Name="web", NamespaceId=namespace, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 10}]},
        HealthCheckCustomConfig={"FailureThreshold": 1})["Service"]
    yield made["Id"], made["Arn"], f"web.{namespace_name}"
    cloud_map.delete_service(Id=made["Id"])
    cloud_map.delete_namespace(Id=namespace)


def test_a_task_finds_a_service_by_its_name(lab, registry):
    identifier, arn, name = registry
    cloud_map = client("servicediscovery")
    web = Service(
        lab, lab.shell("mkdir /www; echo hello >/www/hello; exec httpd -f -p 8080 -h /www", stopTimeout=2),
        serviceRegistries=[{"registryArn": arn}])
    try:
        web.settled()
        [task] = web.tasks()
        [instance] = wait_for("the instance", lambda: cloud_map.list_instances(ServiceId=identifier)["Instances"])
        addresses = {detail["value"] for detail in task["attachments"][0]["details"]}
        assert instance["Id"] == task["taskArn"].rsplit("/", 1)[-1]
        assert instance["Attributes"]["AWS_INSTANCE_IPV4"] in addresses
        assert lab.output(lab.shell(
            f"for i in $(seq 1000); do wget -qO- http://{name}:8080/hello 2>/dev/null && exit 0; sleep 0.1; done; exit 1"
        )) == ["hello"]
        lab.ecs.stop_task(cluster=lab.name, task=task["taskArn"])
        wait_for("another instance", lambda: [
            one["Id"] for one in cloud_map.list_instances(ServiceId=identifier)["Instances"]] not in ([], [instance["Id"]]))
    finally:
        lab.ecs.delete_service(cluster=lab.name, service=web.name, force=True)
    wait_for("no instance", lambda: not cloud_map.list_instances(ServiceId=identifier)["Instances"])
