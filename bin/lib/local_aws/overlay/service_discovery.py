"""Tasks of services with service registries are found by name in their private DNS namespace.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
https://docs.aws.amazon.com/cloud-map/latest/api/API_RegisterInstance.html

While an account has a private namespace, the network of each of its awsvpc tasks also joins one docker network whose
names are SERVICE.NAMESPACE: docker's own DNS answers. Cloud Map's instances are those tasks that run, with their address.
"""

import threading

from docker.errors import NotFound
from ministack.core import container_reaper
from ministack.services import ecs, servicediscovery

from .patching import require, wrap

_lock = threading.Lock()


def has_namespace() -> bool:
    """Whether tasks have to find each other by name."""
    return any(one.get("Type") == "DNS_PRIVATE" for one in list(servicediscovery._namespaces.values()))


def _service(task) -> dict | None:
    group, cluster = task.get("group", ""), ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    return ecs._services.get(f"{cluster}/{group.partition(':')[2]}") if group.startswith("service:") else None


def _registries(task) -> list[dict]:
    """Cloud Map's services that the task belongs to."""
    found = []
    for registry in (_service(task) or {}).get("serviceRegistries") or []:
        known = servicediscovery._services.get(registry.get("registryArn", "").rpartition("/")[2])
        if known is not None:
            found.append(known)
    return found


def join(task, pause, docker_client) -> None:
    """Lets the holder of a task's network find others by name, and be found."""
    names = []
    for registry in _registries(task):
        namespace = servicediscovery._namespaces.get(registry.get("NamespaceId"))
        if namespace is not None and namespace.get("Type") == "DNS_PRIVATE":
            names.append(f"{registry['Name']}.{namespace['Name']}")
    _network(docker_client).connect(pause, aliases=names)


def _network(docker_client):
    # Without a way out of its own: containers keep the one that they have.
    labels = container_reaper.own_labels("ecs")
    name = f"fgctl-names-{container_reaper.instance_id().replace(':', '-')}"
    with _lock:
        try:
            return docker_client.networks.get(name)
        except NotFound:
            return docker_client.networks.create(name, driver="bridge", internal=True, labels=labels)


def _mark_task_running(original):
    def mark(task_arn, task):
        marked = original(task_arn, task)
        address = ecs._task_ip(task)
        if marked and address:
            for registry in _registries(task):
                servicediscovery._register_instance({
                    "ServiceId": registry["Id"], "InstanceId": task_arn.rpartition("/")[2], "Attributes": {
                        "AWS_INSTANCE_IPV4": address, "AVAILABILITY_ZONE": task.get("availabilityZone", ""),
                        "ECS_SERVICE_NAME": task["group"].partition(":")[2],
                        "ECS_TASK_DEFINITION_FAMILY": task["taskDefinitionArn"].rpartition("/")[2].partition(":")[0]}})
        return marked

    return mark


def leave(task) -> None:
    """Takes a task that is to stop out of Cloud Map."""
    for registry in _registries(task):
        if task["taskArn"].rpartition("/")[2] in (servicediscovery._instances.get(registry["Id"]) or {}):
            servicediscovery._deregister_instance({
                "ServiceId": registry["Id"], "InstanceId": task["taskArn"].rpartition("/")[2]})


def apply() -> None:
    require(servicediscovery, "_namespaces", "_services", "_instances", "_register_instance", "_deregister_instance")
    require(ecs, "_task_ip", "_services", "_cluster_name_from_arn")
    wrap(ecs, "_mark_task_running", "task_arn task", _mark_task_running)
