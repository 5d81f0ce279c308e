"""Credentials of the task's own role, over the relative URI, as the ECS agent hands them out.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

A container of a task with a role finds AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, which names a path on 169.254.170.2;
without a role it finds nothing. The path answers while the task is there. The keys belong to a session of that role
named as the task's id. Also set, as on Fargate: AWS_REGION, AWS_DEFAULT_REGION, AWS_EXECUTION_ENV and the metadata
address, https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
"""

import json
import re
import threading
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

from ministack.core.arn import parse_arn
from ministack.core.responses import request_scope
from ministack.services import ecs, iam, imds, sts

from .patching import require, wrap

_AGENT = "http://169.254.170.2"
_PATH = re.compile(r"/v2/credentials/([0-9a-f-]+)/?")
_LIFETIME = 6 * 3600
# SDKs look for new keys some minutes before the old ones end; those must be there by then.
_RENEW_BEFORE = 15 * 60


@dataclass
class _Grant:
    task: str
    role: str
    document: dict[str, str] | None = None
    expires: float = 0


_grants: dict[str, _Grant] = {}
_ids: dict[str, str] = {}
_lock = threading.Lock()


def _register_metadata(original):
    def register(task_arn, cluster_arn, td, cdef, launch_type, env, host_mode, ministack_net_ip):
        token = original(task_arn, cluster_arn, td, cdef, launch_type, env, host_mode, ministack_net_ip)
        # These name the emulator's host, which a client must refuse: only loopback and the agent's addresses are allowed.
        del env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        del env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        env["ECS_CONTAINER_METADATA_URI_V4"] = _AGENT + urlsplit(env["ECS_CONTAINER_METADATA_URI_V4"]).path
        region = parse_arn(task_arn).region
        env.setdefault("AWS_REGION", region)
        env.setdefault("AWS_DEFAULT_REGION", region)
        env.setdefault("AWS_EXECUTION_ENV", f"AWS_ECS_{launch_type}")
        task = ecs._tasks.get(task_arn) or {}
        role = (task.get("overrides") or {}).get("taskRoleArn") or td.get("taskRoleArn")
        if role:
            env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = f"/v2/credentials/{_grant(task_arn, role)}"
        return token

    return register


def _grant(task_arn: str, role: str) -> str:
    with _lock:
        if task_arn not in _ids:
            _ids[task_arn] = str(uuid.uuid4())
            _grants[_ids[task_arn]] = _Grant(task_arn, role)
        return _ids[task_arn]


def _handle_request(original):
    async def handle(method, path, headers, body, query_params):
        if not path.startswith("/v2/credentials"):
            return await original(method, path, headers, body, query_params)
        if method.upper() != "GET":
            return _answer(405, {"message": "Method Not Allowed"})
        match = _PATH.fullmatch(path)
        with _lock:
            grant = _grants.get(match[1]) if match else None
            if grant is not None and _is_gone(grant.task):
                _grants.pop(_ids.pop(grant.task), None)
                grant = None
            if grant is None:
                return _answer(400, {
                    "code": "InvalidIdInRequest", "message": "CredentialsV2Request: ID not found", "HTTPErrorCode": 400})
            return _answer(200, _document(grant))

    return handle


def _is_gone(task_arn: str) -> bool:
    spec = parse_arn(task_arn)
    task = ecs._tasks.get_scoped(spec.account_id, spec.region, task_arn)
    return task is None or task.get("lastStatus") == "STOPPED"


def _document(grant: _Grant) -> dict[str, str]:
    now = time.time()
    if grant.document is None or grant.expires - now < _RENEW_BEFORE:
        task, role = parse_arn(grant.task), parse_arn(grant.role)
        session, name = task.resource.rsplit("/", 1)[-1], role.resource.rsplit("/", 1)[-1]
        with request_scope(role.account_id, task.region):
            key, secret, token = iam._gen_session_access_key(), iam._gen_secret(), iam._gen_session_token()
            role_id = sts._role_id(grant.role)
            expiration = iam._future(_LIFETIME)
        grant.expires = now + _LIFETIME
        sts.register_session(key, {
            "Arn": f"arn:aws:sts::{role.account_id}:assumed-role/{name}/{session}",
            "UserId": f"{role_id}:{session}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": grant.expires,
            "AccountId": role.account_id,
            "PrincipalType": "AssumedRole",
        })
        grant.document = {
            "RoleArn": grant.role, "AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "Expiration": expiration}
    return grant.document


def _answer(status: int, payload: dict) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(payload).encode()


def apply() -> None:
    require(iam, "_gen_session_access_key", "_gen_secret", "_gen_session_token", "_future")
    require(sts, "_role_id", "register_session")
    wrap(ecs, "_register_metadata", "task_arn cluster_arn td cdef launch_type env host_mode ministack_net_ip", _register_metadata)
    wrap(imds, "handle_request", "method path headers body query_params", _handle_request)
