"""What was deployed to a service, when, and how it went: service deployments and revisions.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-revision.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html

A revision is what a deployment brings: task definition, images with digests, network. A rollback belongs to the service
deployment that failed. StopServiceDeployment rolls back, the one way that AWS documents.
"""

import secrets
from datetime import datetime

from ministack.core.concurrency import resource_lock
from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from .patching import OverlayError, require, wrap

_UNDER_WAY = ("PENDING", "IN_PROGRESS")
_MOST = 100
_CIRCUIT_BREAKER = "Service deployment rolled back because the circuit breaker threshold was exceeded."
_GIVEN_UP = "Service deployment stopped because the circuit breaker threshold was exceeded."
_REQUESTED = "Service deployment rolled back because of a StopServiceDeployment request."
_SUPERSEDED = "Service deployment stopped because a new service deployment was started."


def _arn(service, kind: str, name: str) -> str:
    return f"{service['serviceArn'].replace(':service/', f':{kind}/', 1)}/{name}"


def _revision_arn(service, deployment) -> str:
    return _arn(service, "service-revision", deployment.get("_revision") or deployment["id"].rpartition("/")[2])


def _records(service) -> list[dict]:
    return service.setdefault("_service_deployments", [])


def _of(service, deployment_id: str) -> dict | None:
    return next((one for one in _records(service) if one["_id"] == deployment_id), None)


def note(service) -> None:
    """Brings the records to what the service's deployments are now."""
    with resource_lock("ecs-service-deployments", service["serviceArn"]):
        for deployment in reversed(service.get("deployments", [])):
            _note_revision(service, deployment)
            record = _of(service, deployment.get("_rollback_of") or deployment["id"])
            if record is None:
                _records(service).insert(0, record := _new(service, deployment))
            _note_state(service, deployment, record)
        current = next((one for one in _records(service) if one["status"] in _UNDER_WAY or "ROLLBACK_" in one["status"]
                        and not one.get("finishedAt")), None)
        service["currentServiceDeployment"] = current["serviceDeploymentArn"] if current else None
        service["currentServiceRevisions"] = [
            _summary(service, one) for one in service.get("deployments", [])
            if one["status"] == "PRIMARY" or one.get("runningCount")]


def _summary(service, deployment) -> dict:
    return {"arn": _revision_arn(service, deployment), "requestedTaskCount": deployment.get("desiredCount", 0),
            "runningTaskCount": deployment.get("runningCount", 0), "pendingTaskCount": deployment.get("pendingCount", 0)}


def _new(service, deployment) -> dict:
    before = [_summary(service, one) for one in service["deployments"]
              if one is not deployment and one.get("runningCount")]
    now = ecs._iso()
    return {
        "_id": deployment["id"],
        "serviceDeploymentArn": _arn(service, "service-deployment", secrets.token_urlsafe(16).replace("_", "x")),
        "serviceArn": service["serviceArn"], "clusterArn": service["clusterArn"], "createdAt": deployment["createdAt"],
        "startedAt": now, "updatedAt": now, "status": "IN_PROGRESS", "sourceServiceRevisions": before,
        "targetServiceRevision": _summary(service, deployment),
        "deploymentConfiguration": service.get("deploymentConfiguration") or {}}


def _note_state(service, deployment, record) -> None:
    if record.get("finishedAt"):
        return
    breaker = (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    is_rollback = "_rollback_of" in deployment
    if not is_rollback:
        record["targetServiceRevision"] = _summary(service, deployment)
        monitors = "TRIGGERED" if deployment.get("rolloutState") == "FAILED" else "MONITORING"
        record["deploymentCircuitBreaker"] = {
            "status": monitors if breaker.get("enable") else "DISABLED",
            "failureCount": deployment.get("failedTasks", 0), "threshold": ecs._circuit_breaker_threshold(service)}
    match deployment.get("rolloutState"), is_rollback:
        case "COMPLETED", False:
            if breaker.get("enable"):
                record["deploymentCircuitBreaker"]["status"] = "MONITORING_COMPLETE"
            _finish(record, "SUCCESSFUL")
        case "COMPLETED", True:
            _finish(record, "ROLLBACK_SUCCESSFUL")
        case "FAILED", True:
            _finish(record, "ROLLBACK_FAILED", deployment.get("rolloutStateReason"))


def _finish(record, status: str, reason: str | None = None) -> None:
    now = ecs._iso()
    record |= {"status": status, "finishedAt": now, "updatedAt": now}
    if status == "STOPPED":
        record["stoppedAt"] = now
    if reason:
        record["statusReason"] = reason


def failed(service, deployment, reason: str, last: dict | None) -> None:
    """A deployment was given up; `last` is the completed one that follows it."""
    note(service)
    record = _of(service, deployment.get("_rollback_of") or deployment["id"])
    if record is None or record.get("finishedAt"):
        return
    is_requested = record["status"] in ("STOP_REQUESTED", "ROLLBACK_REQUESTED")
    if last is None:
        _finish(record, "STOPPED", _GIVEN_UP)
        return
    now = ecs._iso()
    record |= {
        "status": "ROLLBACK_IN_PROGRESS", "updatedAt": now, "statusReason": _REQUESTED if is_requested else _CIRCUIT_BREAKER,
        "rollback": {"reason": _REQUESTED if is_requested else _CIRCUIT_BREAKER, "startedAt": now,
                     "serviceRevisionArn": _revision_arn(service, last)}}


def superseded(service, deployment) -> None:
    """Another deployment was started while this one was under way."""
    record = _of(service, deployment.get("_rollback_of") or deployment["id"])
    if record is not None and not record.get("finishedAt"):
        _finish(record, "STOPPED", _SUPERSEDED)


def _note_revision(service, deployment) -> None:
    known = service.setdefault("_revisions", {})
    arn = _revision_arn(service, deployment)
    digests = deployment.get("_image_digests") or {}
    definition = ecs._task_defs.get(ecs._resolve_td_key(deployment["taskDefinition"])) or {}
    images = [
        {"containerName": one["name"], "image": one["image"]} | (
            {"imageDigest": digests[one["name"]]} if one["name"] in digests else {})
        for one in definition.get("containerDefinitions", [])]
    if arn not in known:
        known[arn] = {
            "serviceRevisionArn": arn, "serviceArn": service["serviceArn"], "clusterArn": service["clusterArn"],
            "taskDefinition": deployment["taskDefinition"], "launchType": service.get("launchType"),
            "capacityProviderStrategy": service.get("capacityProviderStrategy"),
            "platformVersion": service.get("platformVersion") or "LATEST", "platformFamily": "Linux",
            "loadBalancers": service.get("loadBalancers") or [], "serviceRegistries": service.get("serviceRegistries") or [],
            "networkConfiguration": service.get("networkConfiguration") or {}, "guardDutyEnabled": False,
            "createdAt": deployment["createdAt"], "containerImages": images}
    elif digests:
        known[arn]["containerImages"] = images


def _epochs(shown):
    """Times as the JSON protocol has them."""
    if isinstance(shown, dict):
        return {key: datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
                if key.endswith("At") and isinstance(value, str) else _epochs(value) for key, value in shown.items()}
    return [_epochs(one) for one in shown] if isinstance(shown, list) else shown


def _shown(record) -> dict:
    return _epochs(ecs._sanitize(record))


_BRIEF = ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "startedAt", "finishedAt", "status",
          "statusReason")


def _brief(record) -> dict:
    shown = _shown(record)
    return {key: shown[key] for key in _BRIEF if key in shown} | {
        "targetServiceRevisionArn": record["targetServiceRevision"]["arn"]}


def _list(original):
    def answer(data):
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        if cluster is None or cluster not in ecs._clusters:
            return error_response_json("ClientException", "Cluster not found.", 400)
        reference = ecs._resolve_service_ref(data.get("service", ""))
        service = ecs._services.get(f"{cluster}/{reference[0]}") if reference else None
        if service is None:
            return error_response_json("ServiceNotFoundException", "Service not found.", 400)
        note(service)
        created, found = data.get("createdAt") or {}, []
        for record in _records(service):
            at = _shown(record)["createdAt"]
            if data.get("status") and record["status"] not in data["status"]:
                continue
            if at < created.get("after", 0) or at > created.get("before", float("inf")):
                continue
            found.append(_brief(record))
        start, size = int(data.get("nextToken") or 0), min(int(data.get("maxResults") or _MOST), _MOST)
        page = {"serviceDeployments": found[start:start + size]}
        return json_response(page | ({"nextToken": str(start + size)} if len(found) > start + size else {}))

    return answer


def _find(arn: str):
    """Service and record of a service deployment."""
    for service in list(ecs._services.values()):
        for record in _records(service):
            if record["serviceDeploymentArn"] == arn:
                return service, record
    return None, None


def _describe(original):
    def answer(data):
        found, failures = [], []
        for arn in data.get("serviceDeploymentArns") or []:
            service, record = _find(arn)
            if record is None:
                failures.append({"arn": arn, "reason": "MISSING"})
                continue
            note(service)
            found.append(_shown(record))
        return json_response({"serviceDeployments": found, "failures": failures})

    return answer


def _describe_revisions(original):
    def answer(data):
        known = {arn: one for service in list(ecs._services.values()) for arn, one in service.get("_revisions", {}).items()}
        arns = data.get("serviceRevisionArns") or []
        return json_response({
            "serviceRevisions": [_shown(known[arn]) for arn in arns if arn in known],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]})

    return answer


def _stop(data):
    from . import service_scheduler

    arn = data.get("serviceDeploymentArn", "")
    service, record = _find(arn)
    if record is None:
        return error_response_json("ServiceDeploymentNotFoundException", "Service deployment not found.", 400)
    if data.get("stopType", "ROLLBACK") != "ROLLBACK":
        return error_response_json("InvalidParameterException", "The valid value of stopType is ROLLBACK.", 400)
    note(service)
    primary = ecs._primary_deployment(service)
    if record["status"] not in _UNDER_WAY or primary is None or primary["id"] != record["_id"]:
        return error_response_json(
            "ConflictException", f"The service deployment can't be stopped in state {record['status']}.", 400)
    if service.get("_completed") is None:
        return error_response_json(
            "ConflictException", "There is no previous service revision to roll back to.", 400)
    record["status"] = "ROLLBACK_REQUESTED"
    service_scheduler.fail(
        service, primary, "Service deployment was stopped.", rolls_back=True,
        rollback_reason=f"Rolling back to deploymentId {service['_completed']['id']}.")
    return json_response({"serviceDeploymentArn": arn})


def apply() -> None:
    require(ecs, "_services", "_clusters", "_task_defs", "_resolve_td_key", "_resolve_service_ref", "_resolve_cluster_name",
            "_primary_deployment", "_circuit_breaker_threshold", "_sanitize")
    wrap(ecs, "_list_service_deployments", "data", _list)
    wrap(ecs, "_describe_service_deployments", "data", _describe)
    wrap(ecs, "_describe_service_revisions", "data", _describe_revisions)
    if "StopServiceDeployment" in ecs._ACTION_MAP:
        raise OverlayError("the emulator has StopServiceDeployment now")
    ecs._ACTION_MAP["StopServiceDeployment"] = _stop
