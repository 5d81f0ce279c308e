"""RunTask is idempotent under a client token.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (ConflictException)

A token holds within one cluster, for the lower of 24 hours and the tasks' lifetime plus one hour. The same token
with the same parameters gives the first request's result; with others a ConflictException that names the tasks.
"""

import json
from datetime import datetime

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import ecs

from .patching import require, wrap
from .tokens import ClientTokens, TokenConflict, is_valid


def _ended(arns: list[str]) -> float | None:
    ends = []
    for arn in arns:
        task = ecs._tasks.get(arn)
        if task is None or not task.get("stoppedAt"):
            return None
        ends.append(datetime.fromisoformat(task["stoppedAt"].replace("Z", "+00:00")).timestamp())
    return max(ends, default=None)


_tokens = ClientTokens(_ended)


def _run_task(original):
    def run_task(data):
        if "clientToken" not in data:
            return original(data)
        token = data["clientToken"]
        if not is_valid(token):
            return error_response_json(
                "InvalidParameterException", "clientToken must be 1 to 64 ASCII characters in the range of 33-126.", 400)
        # The cluster is part of the token's scope, under whichever name it was given.
        request = {key: value for key, value in data.items() if key not in ("clientToken", "cluster")}
        scope = (get_account_id(), get_region(), ecs._resolve_cluster_name(data.get("cluster", "default")), token)

        def run():
            answer = original({key: value for key, value in data.items() if key != "clientToken"})
            status, _, body = answer
            tasks = [task["taskArn"] for task in json.loads(body)["tasks"]] if status == 200 else []
            return answer, tasks

        try:
            return _tokens.answer(scope, request, run)
        except TokenConflict as conflict:
            return error_response_json(
                "ConflictException",
                "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use "
                "with a different RunTask request. The resourceIds are the existing task ARNs which are already associated "
                "with the clientToken.",
                400, extra={"resourceIds": conflict.resource_ids})

    return run_task


def _reset(original):
    def reset():
        _tokens.clear()
        return original()

    return reset


def apply() -> None:
    require(ecs, "_tasks", "_resolve_cluster_name")
    wrap(ecs, "_run_task", "data", _run_task)
    wrap(ecs, "reset", "", _reset)
