"""RunTask refuses what AWS refuses.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
"""

from ministack.core.responses import error_response_json
from ministack.services import ecs

from .patching import require, wrap


def _problem(data) -> tuple[str, str] | None:
    """Error code and message of a request that AWS would not take."""
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if cluster is None or cluster not in ecs._clusters:
        return "ClusterNotFoundException", "Cluster not found."
    definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", "")))
    if definition is None:
        return None  # the emulator's own answer is AWS's
    if definition.get("status") != "ACTIVE":
        return "ClientException", "TaskDefinition is inactive"
    if not 1 <= data.get("count", 1) <= 10:
        return "InvalidParameterException", "count should be between 1 and 10."
    names = {container["name"] for container in definition["containerDefinitions"]}
    for override in (data.get("overrides") or {}).get("containerOverrides", []):
        if override.get("name") not in names:
            return ("InvalidParameterException",
                    f"Override for container named {override.get('name')} is not a container in the TaskDefinition.")
    network = (data.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    if definition.get("networkMode") == "awsvpc" and not network.get("subnets"):
        return ("InvalidParameterException",
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if data.get("launchType") == "FARGATE" and "FARGATE" not in definition.get("compatibilities", []):
        return "InvalidParameterException", "Task definition does not support launch_type FARGATE."
    return None


def _run_task(original):
    def run_task(data):
        # A service's own tasks come from its reconciliation, not from a request.
        if "_deploymentId" not in data and (problem := _problem(data)) is not None:
            return error_response_json(*problem, 400)
        return original(data)

    return run_task


def apply() -> None:
    require(ecs, "_clusters", "_task_defs", "_resolve_cluster_name", "_resolve_td_key")
    wrap(ecs, "_run_task", "data", _run_task)
