"""Events of a resource that is updated bear its physical id.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
"""

from ministack.services.cloudformation import _stacks, stacks

from .patching import wrap


def _add_event(original):
    def add(stack_id, stack_name, logical_id, resource_type, status, reason="", physical_id="", detailed_status=""):
        if not physical_id and status.startswith("UPDATE_"):
            known = (_stacks.get(stack_name) or {}).get("_resources") or {}
            physical_id = (known.get(logical_id) or {}).get("PhysicalResourceId", "")
        return original(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, detailed_status)

    return add


def apply() -> None:
    wrap(stacks, "_add_event", "stack_id stack_name logical_id resource_type status reason physical_id detailed_status",
         _add_event)
