"""CloudFormation waits for an ECS service to settle, and fails with it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html (cancelling)

A service is complete when its deployment is; until then its stack is under way, and may be cancelled or deleted. When the
circuit breaker trips, the resource fails as it does on AWS, and the rollback sends the properties back. Without a circuit
breaker it is waited for three hours, as on AWS.
"""

import asyncio
import time

from ministack.core.responses import new_uuid
from ministack.services import ecs
from ministack.services.cloudformation import _stacks, handlers, provisioners, stacks

from .patching import require, wrap
from .task_definitions import to_api

_TYPE = "AWS::ECS::Service"
_LIMIT_SECONDS = 3 * 3600
_POLL_SECONDS = 0.2
_TRIPPED = ("Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
            "triggered'.\" (RequestToken: {token}, HandlerErrorCode: GeneralServiceException)")
_SLOW = ("Resource handler returned message: \"Error occurred during operation 'ECS Service did not stabilize'.\" "
         "(RequestToken: {token}, HandlerErrorCode: NotStabilized)")
# Properties that the emulator leaves out of its requests.
_MORE = ("ServiceRegistries", "PlatformVersion", "HealthCheckGracePeriodSeconds", "SchedulingStrategy", "PropagateTags",
         "EnableECSManagedTags", "EnableExecuteCommand", "AvailabilityZoneRebalancing", "DeploymentController")


def _service(arn: str) -> dict | None:
    cluster, name = arn.split("/")[-2:]
    return ecs._services.get(f"{cluster}/{name}")


def _wait(arn: str, stack_name: str) -> None:
    """Returns when the service's deployment is complete. Raises with AWS's words when it is not to be."""
    service = _service(arn)
    primary = ecs._primary_deployment(service) if service else None
    deadline = time.monotonic() + _LIMIT_SECONDS
    while primary is not None:
        service, stack = _service(arn), _stacks.get(stack_name) or {}
        if stack.pop("_cancel_requested", False):
            raise ValueError("Resource update cancelled")
        if service is None or service["status"] != "ACTIVE" or stack.get("_delete_requested"):
            raise ValueError("Resource creation cancelled")
        state = primary.get("rolloutState")
        if state == "COMPLETED":
            return
        now = ecs._primary_deployment(service)
        if state == "FAILED":
            # The service first runs again what it ran before, if it goes back to that.
            if now is primary or now.get("rolloutState") != "IN_PROGRESS":
                raise ValueError(_TRIPPED.format(token=new_uuid()))
        elif now is not primary:
            primary = now
        if time.monotonic() > deadline:
            raise ValueError(_SLOW.format(token=new_uuid()))
        time.sleep(_POLL_SECONDS)


def _create(original):
    def create(logical_id, props, stack_name):
        arn, attributes = original(logical_id, props, stack_name)
        service = _service(arn)
        for name in _MORE:
            if name in props:
                service[name[:1].lower() + name[1:]] = to_api(props[name])
        service["deploymentConfiguration"] = {
            "maximumPercent": 200, "minimumHealthyPercent": 100} | (service.get("deploymentConfiguration") or {})
        stack = _stacks.get(stack_name)
        if stack is None:
            return arn, attributes
        stacks._add_event(
            stack["StackId"], stack_name, logical_id, _TYPE, "CREATE_IN_PROGRESS", "Resource creation Initiated", arn)
        stack["_waits_for_service"] = True
        try:
            _wait(arn, stack_name)
        except ValueError:
            # The rollback, or the stack's deletion, deletes what was half made.
            stack.setdefault("_resources", {})[logical_id] = {
                "PhysicalResourceId": arn, "ResourceType": _TYPE, "ResourceStatus": "CREATE_FAILED",
                "LogicalResourceId": logical_id, "Properties": props, "Attributes": attributes, "Timestamp": ecs._iso()}
            stack["_half_made"] = logical_id
            raise
        finally:
            stack["_waits_for_service"] = False
        return arn, attributes

    return create


def _update(original):
    def update(physical_id, old_props, new_props, stack_name):
        service = _service(physical_id)
        if service is not None:
            for name in _MORE:
                if name in new_props:
                    service[name[:1].lower() + name[1:]] = to_api(new_props[name])
        result = original(physical_id, old_props, new_props, stack_name)
        _wait(physical_id, stack_name)
        return result

    return update


def _failed_operation(original):
    def failed(is_update, previous_stack, created, failed_update, failed_logical_id, *rest):
        for stack in list(_stacks.values()):
            if stack.get("_half_made") == failed_logical_id and stack["StackStatus"].endswith("_IN_PROGRESS"):
                del stack["_half_made"]
                created = [*created, failed_logical_id]
                break
        return original(is_update, previous_stack, created, failed_update, failed_logical_id, *rest)

    return failed


def _roll_back_operation(original):
    async def roll_back(stack_name, stack_id, stack, operation, reason_override=""):
        if stack.get("_delete_requested"):
            # The deletion deletes what was made.
            stack["_is_left"] = True
            return
        await original(stack_name, stack_id, stack, operation, reason_override)

    return roll_back


def _delete_stack_async(original):
    async def delete(stack_name, stack_id, retain_resources=(), force=False):
        stack = _stacks.get(stack_name)
        if stack is not None and stack.get("_waits_for_service") and stack.get("StackStatus") == "CREATE_IN_PROGRESS":
            # No more than one is at work on the stack: what waits for the service stops doing so first.
            stack |= {"_delete_requested": True, "StackStatus": "DELETE_IN_PROGRESS"}
            while not stack.get("_is_left") and stack["StackStatus"] == "DELETE_IN_PROGRESS":
                await asyncio.sleep(_POLL_SECONDS)
        return await original(stack_name, stack_id, retain_resources, force)

    return delete


def _runs_on_worker_thread(original):
    return lambda resource_type: resource_type == _TYPE or original(resource_type)


def _sends_back_failed_update(original):
    # The service has begun with the new properties when waiting for it fails.
    return lambda resource_type: resource_type == _TYPE or original(resource_type)


def apply() -> None:
    require(ecs, "_services", "_primary_deployment")
    require(stacks, "_add_event")
    wrap(provisioners, "_ecs_service_create", "logical_id props stack_name", _create)
    wrap(provisioners, "_ecs_service_update", "physical_id old_props new_props stack_name", _update)
    wrap(stacks, "_runs_on_worker_thread", "resource_type", _runs_on_worker_thread)
    wrap(stacks, "_sends_back_failed_update", "resource_type", _sends_back_failed_update)
    wrap(stacks, "_failed_operation",
         "is_update previous_stack created failed_update failed_logical_id replaced_ids cancelled template param_values "
         "retain_except_on_create stack_tags previous_tags imports", _failed_operation)
    wrap(stacks, "_roll_back_operation", "stack_name stack_id stack operation reason_override", _roll_back_operation)
    wrap(stacks, "_delete_stack_async", "stack_name stack_id retain_resources force", _delete_stack_async)
    # Its callers have imported it by name.
    require(handlers, "_delete_stack_async")
    handlers._delete_stack_async = stacks._delete_stack_async
