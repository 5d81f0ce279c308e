"""A change set lists what is created and removed under the template's conditions, not all that the template has.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html

A resource whose condition is false does not exist: it is no addition, and one that existed is removed.
"""

from ministack.services.cloudformation import changesets, engine

from .patching import require, wrap


def _resolve_props_for_diff(original):
    def resolve(template, params, stack_name, stack_id):
        resolved = original(template, params, stack_name, stack_id)
        resources = resolved.get("Resources")
        if not resources or not template.get("Conditions"):
            return resolved
        conditions = engine._evaluate_conditions(template, params)
        return resolved | {"Resources": {
            name: one for name, one in resources.items() if conditions.get(one.get("Condition"), True)}}

    return resolve


def apply() -> None:
    require(engine, "_evaluate_conditions")
    wrap(changesets, "_resolve_props_for_diff", "template params stack_name stack_id", _resolve_props_for_diff)
