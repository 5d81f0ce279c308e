"""Users with least policies, on a local AWS that enforces them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import boto3
import harness

sys.path.insert(0, str(harness.ROOT / "bin/lib"))
import permissions  # noqa: E402  (in bin/lib)
from local_aws.enforcing import enforcing_aws  # noqa: E402

__all__ = ["ACCOUNT", "Guarded", "enforcing_aws", "permissions", "take_away"]

ACCOUNT = "000000000000"


class Guarded(harness.Project):
    """A project on the enforcing local AWS. Its env file has the root's keys until `act_as` gives it others."""

    def __init__(self, folder: Path, binary: Path, judge: Any, local_aws: str) -> None:
        super().__init__(folder, binary, judge, local_aws)
        self.registry = f"localhost:{local_aws.rpartition(':')[2]}"
        self.extra: dict[str, str] = {}
        self._users = 0
        self._keys: tuple[str, str, str | None] = ("test", "test", None)
        self.write_env()

    @property
    def names(self) -> dict[str, str]:
        return {
            "AWS_ACCOUNT_ID": ACCOUNT, "AWS_REGION": harness.REGION, "STACK_NAME": self.stack,
            "PARENT_STACK_NAME": self.parent_stack, "S3_BUCKET": self.bucket, "IMAGE_NAME": self.image}

    def use(self, key: str, secret: str, token: str | None = None) -> None:
        """Acts with these keys from now on."""
        self.judge.known[key] = (secret, token)
        self._keys = (key, secret, token)
        self.write_env(
            **self.extra, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_SESSION_TOKEN=token)

    def set(self, **keys: str) -> None:
        """Keys of the env file that stay, whoever acts."""
        self.extra |= keys
        self.write_env(**self.extra)

    def own(self, service: str) -> Any:
        """A client of whoever acts."""
        key, secret, token = self._keys
        return boto3.client(
            service, endpoint_url=self.local_aws, region_name=harness.REGION, aws_access_key_id=key,
            aws_secret_access_key=secret, aws_session_token=token)

    def act_as_root(self) -> None:
        self.use("test", "test")

    def act_as(self, *groups: str, without: str | None = None) -> str:
        """Becomes a new user who has these groups' policies and nothing else, less one action; the user's ARN."""
        iam = self.boto3("iam")
        self._users += 1
        name = f"{self.stack}-user-{self._users}"
        user = iam.create_user(UserName=name)["User"]
        removed = False
        for group in groups:
            document = json.loads(permissions.filled(permissions.policy(group), self.names))
            if without:
                removed |= take_away(document, without)
            if not document["Statement"]:
                continue
            arn = iam.create_policy(PolicyName=f"{name}-{group}", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
            iam.attach_user_policy(UserName=name, PolicyArn=arn)
        assert removed or not without, f"no policy of {groups} allows {without}"
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.use(key["AccessKeyId"], key["SecretAccessKey"])
        return user["Arn"]


def take_away(document: dict, action: str) -> bool:
    """Removes an action from a policy wherever it stands; whether it stood anywhere."""
    found, left = False, []
    for statement in document["Statement"]:
        actions = permissions.as_list(statement["Action"])
        found |= action in actions
        rest = [one for one in actions if one != action]
        if rest:
            left.append(statement | {"Action": rest})
    document["Statement"] = left
    return found
