"""Building and signing a call of 1 KiB of JSON beside botocore, and memory over 10,000 calls on one connection; exits 1
when a bar is missed."""

import json
import subprocess
import sys
import time

import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.serialize import create_serializer
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials

CALLS = 3000
# Microseconds for a call; KiB that the resident set may grow from the thousandth call to the last.
BARS = {"sign": 100.0, "growth": 1024.0, "connections": 1.0}


def figures(binary: str, what: str) -> list[list[str]]:
    run = subprocess.run([binary, what], check=True, capture_output=True, text=True, timeout=300)
    return [line.split() for line in run.stdout.splitlines()]


def botocore_microseconds() -> float:
    """The same call: serialised by the service's model, signed with a session token."""
    operation = botocore.session.Session().get_service_model("ecs").operation_model("RunTask")
    serializer = create_serializer("json")
    credentials = Credentials("AKIDEXAMPLE", "no-secret", "token" * 80)
    environment = [{"name": f"VARIABLE_{n}", "value": f"a value of some length {n}"} for n in range(1, 15)]
    override = {"name": "main", "command": ["run", "--date", "2026-01-31"], "environment": environment}
    given = {
        "cluster": "nightly", "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/nightly:17",
        "clientToken": "6c1a3f0e-6d2b-4a53-9b1d-0c6f3d2f8a11", "launchType": "FARGATE", "count": 1,
        "overrides": {"containerOverrides": [override]}}
    assert len(json.dumps(given)) > 1024
    start = time.perf_counter()
    for _ in range(CALLS):
        made = serializer.serialize_to_request(given, operation)
        request = AWSRequest("POST", "https://ecs.eu-west-1.amazonaws.com/", made["headers"], made["body"])
        SigV4Auth(credentials, "ecs", "eu-west-1").add_auth(request)
    return (time.perf_counter() - start) / CALLS * 1e6


def main() -> None:
    binary = sys.argv[1]
    signing = {name: float(value) for name, value in figures(binary, "sign")}
    rows = figures(binary, "memory")
    resident = {int(row[1]): int(row[2]) for row in rows if row[0] == "resident"}
    connections = next(float(row[1]) for row in rows if row[0] == "connections")
    if min(resident) != 1000 or max(resident) != 10_000:
        sys.exit(f"memory was measured at {sorted(resident)}")
    growth = max(resident.values()) - resident[1000]
    print(f"botocore, the same call: {botocore_microseconds():.1f} µs")
    results = [
        (f"build and sign {signing['bytes']:.0f} bytes of JSON, µs", "sign", signing["sign"]),
        (f"growth of {resident[1000]} KiB over 9,000 calls, KiB", "growth", growth),
        ("connections for 10,000 calls", "connections", connections),
    ]
    for what, bar, value in results:
        print(f"{what}: {value:.1f} (bar {BARS[bar]:.0f}) {'ok' if value <= BARS[bar] else 'MISSED'}")
    sys.exit(any(value > BARS[bar] for _, bar, value in results))


main()
