"""ECS services as AWS runs them: deployments that complete, fail or are rolled back, with events that say so.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html (minimum healthy, maximum percent)
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html (rolloutState, failedTasks)

One thread looks at every service a few times a second and does what its state asks for; the emulator's own
reconciliation only wakes it. A task is healthy when it has run for three seconds and its health checks, if it has any, pass.
Tasks are stopped with grace, and count towards maximumPercent until they have stopped: a service of 0/100 never has two.
"""

import threading
import time
from datetime import UTC, datetime

from ministack.core.concurrency import resource_lock
from ministack.core.responses import new_uuid, request_scope
from ministack.services import ecs

from . import service_deployments, task_end
from .patching import require, wrap

_TICK_SECONDS = 0.2
_STEADY_SECONDS = 3.0
_MOST_EVENTS = 100
_SCHEDULER = "ServiceSchedulerInitiated"
_BREAKER = "ECS deployment circuit breaker: "
# How often in a row tasks fail before ECS says that it can't start them.
_THROTTLED = 3

_wake = threading.Event()
_started = threading.Lock()


def say(service, text: str) -> None:
    """An event of the service."""
    service["events"].insert(0, {
        "id": new_uuid(), "createdAt": ecs._iso(), "message": f"(service {service['serviceName']}) {text}"})
    del service["events"][_MOST_EVENTS:]


def _named(tasks) -> str:
    return " ".join(f"(task {task['taskArn'].rsplit('/', 1)[-1]})" for task in tasks)


def tasks_of(service) -> list[dict]:
    """All of its tasks that have not stopped, oldest first."""
    group = f"service:{service['serviceName']}"
    found = [task for task in list(ecs._tasks.values())
             if task.get("group") == group and task.get("clusterArn") == service["clusterArn"]
             and task["lastStatus"] != "STOPPED"]
    return sorted(found, key=lambda task: task["createdAt"])


def is_healthy(task) -> bool:
    """Whether it counts as running well."""
    if task["lastStatus"] != "RUNNING" or task["desiredStatus"] == "STOPPED" or not task.get("startedAt"):
        return False
    started = datetime.fromisoformat(task["startedAt"].replace("Z", "+00:00"))
    if (datetime.now(UTC) - started).total_seconds() < _STEADY_SECONDS:
        return False
    # On a busy machine its end may not have been noticed yet: a task that ended sooner must not count.
    if not task.get("_lasted"):
        if not task_end.runs(task):
            return False
        task["_lasted"] = True
    return not _is_checked(task) or task["healthStatus"] == "HEALTHY"


def _is_checked(task) -> bool:
    return any(one.get("essential", True) and one.get("healthCheck")
               for one in task_end.definition_of(task).get("containerDefinitions", []))


def _loop() -> None:
    while True:
        _wake.wait(_TICK_SECONDS)
        _wake.clear()
        for (account, region, key), service in _services():
            try:
                with request_scope(account, region):
                    if ecs._services.get(key) is service and service["status"] == "ACTIVE":
                        _look(service, key)
            except Exception:
                ecs.logger.exception("ECS: looking at service %s failed", key)


def _services() -> list:
    """Key (account, region, CLUSTER/NAME) and record of every service."""
    return [(_scope_of(service), service) for _, service in list(ecs._services.all_items())]


def _scope_of(service) -> tuple[str, str, str]:
    parts = service["serviceArn"].split(":")
    return parts[4], parts[3], parts[5].partition("/")[2]


def _look(service, key: str) -> None:
    cluster = key.split("/", 1)[0]
    primary = ecs._primary_deployment(service)
    if primary is None or (service.get("deploymentController") or {}).get("type", "ECS") != "ECS":
        return
    tasks = tasks_of(service)
    alive = [task for task in tasks if task["desiredStatus"] != "STOPPED"]
    for task in [task for task in alive if task.get("healthStatus") == "UNHEALTHY" and task["lastStatus"] == "RUNNING"]:
        say(service, f"{_named([task])} failed container health checks.")
        _stop(task, "Task failed container health checks")
        alive.remove(task)
        _failed(service, task)
    own = [task for task in alive if task.get("_deployment_id") == primary["id"]]
    old = [task for task in alive if task.get("_deployment_id") != primary["id"]]
    healthy = [task for task in alive if is_healthy(task)]
    if primary["rolloutState"] == "IN_PROGRESS" and any(task in healthy for task in own):
        primary["failedTasks"] = 0
    desired = service["desiredCount"]
    settings = service.get("deploymentConfiguration") or {}
    most = max(1, desired * int(settings.get("maximumPercent", 200)) // 100)
    least = -(-desired * int(settings.get("minimumHealthyPercent", 100)) // 100)
    if primary["rolloutState"] != "FAILED":
        _stop_old(service, primary, old, healthy, least, desired)
        if len(own) > desired:
            _stop_all(service, primary, own[desired:])
        elif len(own) < desired:
            _launch(service, primary, cluster, min(desired - len(own), most - len(tasks)), own)
    ecs._refresh_service_state(cluster, f"service:{service['serviceName']}")
    ecs._recount_cluster(cluster)
    well = len([task for task in own if task in healthy])
    # Steady is a service without tasks that are on their way down: ECS counts them until they have stopped.
    is_drained = all(task.get("_deployment_id") == primary["id"] for task in tasks)
    if primary["rolloutState"] == "IN_PROGRESS" and well >= desired and is_drained and len(own) == desired:
        _complete(service, primary)
    _drop_drained(service, tasks)
    service_deployments.note(service)


def _stop_old(service, primary, old, healthy, least: int, desired: int) -> None:
    """Stops tasks of other deployments: those that do not run well at once, of the others what is not needed."""
    surplus = len(healthy) - least if desired else len(old)
    well = [task for task in old if task in healthy or task["lastStatus"] == "RUNNING" and not _is_failing(service, task)
            and not _is_checked(task)]
    doomed = [task for task in old if task not in well] + well[:max(0, surplus)]
    if doomed:
        _stop_all(service, primary, doomed)


def _is_failing(service, task) -> bool:
    deployment = next((one for one in service["deployments"] if one["id"] == task.get("_deployment_id")), None)
    return deployment is None or deployment.get("rolloutState") == "FAILED"


def _stop_all(service, primary, tasks) -> None:
    for task in tasks:
        _stop(task, f"Scaling activity initiated by (deployment {primary['id']})")
    say(service, f"has stopped {len(tasks)} running tasks: {_named(tasks)}.")


def _stop(task, reason: str) -> None:
    task_end.request_stop(task, reason, _SCHEDULER)


def _launch(service, primary, cluster: str, count: int, own) -> None:
    definition = ecs._task_defs.get(ecs._resolve_td_key(primary["taskDefinition"]))
    if count <= 0 or definition is None:
        return
    if ecs._deployment_needs_first_task(primary, definition, service):
        # The first task finds out the digests of the images, the others start from these.
        if own:
            return
        count = 1
    tags = service.get("tags") or [] if service.get("propagateTags") == "SERVICE" else []
    if service.get("propagateTags") == "TASK_DEFINITION":
        tags = ecs._tags.get(definition["taskDefinitionArn"]) or []
    before = {task["taskArn"] for task in tasks_of(service)}
    ecs._run_task({
        "cluster": cluster, "taskDefinition": primary["taskDefinition"], "count": min(count, 10),
        "group": f"service:{service['serviceName']}", "startedBy": primary["id"],
        "launchType": service.get("launchType"), "capacityProviderStrategy": service.get("capacityProviderStrategy"),
        "platformVersion": service.get("platformVersion", ""), "tags": list(tags),
        "networkConfiguration": service.get("networkConfiguration", {}),
        "enableExecuteCommand": service.get("enableExecuteCommand", False), "_deploymentId": primary["id"]})
    started = [task for task in tasks_of(service) if task["taskArn"] not in before]
    if started:
        say(service, f"has started {len(started)} tasks: {_named(started)}.")


def _complete(service, primary) -> None:
    with resource_lock("ecs-service", service["serviceArn"]):
        primary["rolloutState"] = "COMPLETED"
        if not primary.get("_rollback_of"):
            primary["rolloutStateReason"] = f"ECS deployment {primary['id']} completed."
        primary["updatedAt"] = ecs._iso()
        # What it came to is what a later deployment is rolled back to.
        service["_completed"] = {
            "taskDefinition": primary["taskDefinition"], "id": primary["id"], "_revision": primary.get("_revision")}
    say(service, f"(deployment {primary['id']}) deployment completed.")
    say(service, "has reached a steady state.")


def _drop_drained(service, tasks) -> None:
    in_use = {task.get("_deployment_id") for task in tasks}
    service["deployments"] = [
        one for one in service["deployments"]
        if one["status"] == "PRIMARY" or one["id"] in in_use or one.get("rolloutState") == "FAILED"]


def _failed(service, task) -> None:
    """Counts a task that failed; trips the circuit breaker at its threshold."""
    primary = ecs._primary_deployment(service)
    with resource_lock("ecs-service", service["serviceArn"]):
        if primary is None or task.get("_deployment_id") != primary["id"] or service["status"] != "ACTIVE":
            return
        if primary["rolloutState"] != "IN_PROGRESS":
            return
        primary["failedTasks"] = int(primary.get("failedTasks", 0)) + 1
        primary["updatedAt"] = ecs._iso()
        breaker = (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
        trips = breaker.get("enable") and primary["failedTasks"] >= ecs._circuit_breaker_threshold(service)
        if not trips and primary["failedTasks"] == _THROTTLED:
            say(service, "is unable to consistently start tasks successfully. For more information, see the "
                         "Troubleshooting section.")
    if trips:
        say(service, f"(deployment {primary['id']}) deployment failed: tasks failed to start.")
        fail(service, primary, f"{_BREAKER}tasks failed to start.", rolls_back=bool(breaker.get("rollback")))


def fail(service, primary, reason: str, rolls_back: bool, rollback_reason: str = "") -> bool:
    """Gives a deployment up; with `rolls_back` the last completed one follows it, if there is one. Says whether."""
    last = service.get("_completed")
    with resource_lock("ecs-service", service["serviceArn"]):
        primary |= {"rolloutState": "FAILED", "rolloutStateReason": reason, "updatedAt": ecs._iso()}
        primary["desiredCount"] = 0
        service_deployments.failed(service, primary, reason, last if rolls_back else None)
        if not rolls_back or last is None:
            return False
        primary["status"] = "ACTIVE"
        back = ecs._make_deployment(last["taskDefinition"], service["desiredCount"])
        back |= {
            "rolloutState": "IN_PROGRESS", "launchType": service.get("launchType"),
            "rolloutStateReason": rollback_reason or f"{_BREAKER}rolling back to deploymentId {last['id']}.",
            "capacityProviderStrategy": service.get("capacityProviderStrategy"), "_rollback_of": primary["id"],
            "_revision": last["_revision"] or last["id"].rpartition("/")[2]}
        service["deployments"].insert(0, back)
        service["taskDefinition"] = last["taskDefinition"]
        # What still runs of the completed deployment is what is wanted.
        for task in tasks_of(service):
            if task.get("_deployment_id") == last["id"]:
                task["_deployment_id"] = back["id"]
    say(service, f"rolling back to deployment {last['id']}.")
    _wake.set()
    return True


def _record_service_task_failure(original):
    def record(task, digest_resolution_failed=False):
        group, cluster = task.get("group", ""), ecs._cluster_name_from_arn(task.get("clusterArn", ""))
        service = ecs._services.get(f"{cluster}/{group.partition(':')[2]}")
        if service is None or not group.startswith("service:"):
            return
        if not digest_resolution_failed:
            _failed(service, task)
        _wake.set()

    return record


def _reconcile(original):
    def reconcile(cluster_name, svc_key):
        service = ecs._services.get(svc_key)
        if service is not None:
            service_deployments.note(service)
        _ensure_thread()
        _wake.set()

    return reconcile


def _make_deployment(original):
    def make(task_definition, desired_count, status="PRIMARY"):
        made = original(task_definition, desired_count, status)
        # 19 digits, as AWS's; the service revision has the same.
        made["id"] = f"ecs-svc/{time.time_ns() % 10**19:019d}"
        return made | {"rolloutState": "IN_PROGRESS", "rolloutStateReason": f"ECS deployment {made['id']} in progress."}

    return make


def _nothing(original):
    # The thread does this.
    def nothing(*arguments, **named):
        _wake.set()

    return nothing


def _create_service(original):
    def create(data):
        answer = original(data)
        if answer[0] < 400:
            cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
            service = ecs._services[f"{cluster}/{data['serviceName']}"]
            service["availabilityZoneRebalancing"] = data.get("availabilityZoneRebalancing", "ENABLED")
            settings = {"maximumPercent": 200, "minimumHealthyPercent": 100} | (service["deploymentConfiguration"] or {})
            service["deploymentConfiguration"] = settings
        return answer

    return create


def _update_service(original):
    def update(data):
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        reference = ecs._resolve_service_ref(data.get("service", ""))
        service = ecs._services.get(f"{cluster}/{reference[0]}") if reference else None
        if service is None:
            return original(data)
        before = ecs._primary_deployment(service)
        events = list(service["events"])
        answer = original(data)
        if answer[0] < 400:
            # The emulator says something that AWS does not.
            service["events"] = events
            after = ecs._primary_deployment(service)
            for name in ("serviceRegistries", "propagateTags", "enableECSManagedTags", "availabilityZoneRebalancing"):
                if name in data:
                    service[name] = data[name]
            if after is not before and before is not None and before.get("rolloutState") == "IN_PROGRESS":
                service_deployments.superseded(service, before)
            service_deployments.note(service)
        return answer

    return update


def _ensure_thread() -> None:
    if _started.acquire(blocking=False):
        threading.Thread(target=_loop, daemon=True, name="ecs-services").start()


def apply() -> None:
    require(ecs, "_services", "_primary_deployment", "_refresh_service_state", "_recount_cluster", "_task_defs", "_run_task",
            "_circuit_breaker_threshold", "_deployment_needs_first_task", "_resolve_service_ref", "_cluster_name_from_arn")
    wrap(ecs, "_make_deployment", "task_definition desired_count status", _make_deployment)
    wrap(ecs, "_reconcile_service_tasks", "cluster_name svc_key", _reconcile)
    wrap(ecs, "_record_service_task_failure", "task digest_resolution_failed", _record_service_task_failure)
    wrap(ecs, "_complete_service_deployment", "cluster_name svc_key expected_deployment_id", _nothing)
    wrap(ecs, "_schedule_service_deployment_completion", "cluster_name svc_key account_id region healthy_task", _nothing)
    wrap(ecs, "_create_service", "data", _create_service)
    wrap(ecs, "_update_service", "data", _update_service)
