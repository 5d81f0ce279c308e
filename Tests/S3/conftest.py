"""The S3 layer, driven by `s3-probe` through a judge, against two S3s that others wrote: moto's and local AWS's.

`FGCTL_S3_PROBE` names the probe; left out, its debug build is brought up to date. `FGCTL_LOCAL_AWS` names local AWS; left
out and not there, moto is the only one.
"""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from judge import Judge
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parents[2]
LOCAL_AWS = os.environ.get("FGCTL_LOCAL_AWS", "http://127.0.0.1:4566")
MIB = 1 << 20


@pytest.fixture(scope="session")
def probe_binary():
    given = os.environ.get("FGCTL_S3_PROBE")
    if given:
        return given
    build = ["swift", "build", "--product", "s3-probe"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=1800)
    folder = subprocess.run(
        [*build, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=600)
    return f"{folder.stdout.strip()}/s3-probe"


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=60).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@pytest.fixture(scope="session", params=["moto", "local-aws"])
def server(request):
    if request.param == "local-aws":
        if not answers(LOCAL_AWS):
            if "FGCTL_LOCAL_AWS" in os.environ:
                pytest.fail(f"no local AWS at {LOCAL_AWS}")
            pytest.skip(f"no local AWS at {LOCAL_AWS}")
        yield LOCAL_AWS
        return
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def judge(server):
    with Judge(server) as judge:
        yield judge
        judge.settle()
        assert judge.faults == []


@pytest.fixture
def s3(server):
    """boto3, past the judge, with checksums on in both directions."""
    return boto3.client(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(request_checksum_calculation="when_supported", response_checksum_validation="when_supported"))


@pytest.fixture
def bucket(s3):
    name = f"s3-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


class Probe:
    def __init__(self, binary: str, url: str) -> None:
        self.binary = binary
        self.environment = {
            "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "PROBE_PART": str(5 * MIB),
            "PROBE_THRESHOLD": str(8 * MIB), "PROBE_COPY_THRESHOLD": str(8 * MIB), "PROBE_COPY_PART": str(6 * MIB),
        }

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = self.environment | {f"PROBE_{name.upper()}": value for name, value in settings.items()}
        return subprocess.run(
            [self.binary, *map(str, words)], env=environment, capture_output=True, text=True, timeout=600)

    def __call__(self, *words: str, **settings: str):
        done = self.run(*words, **settings)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def probe(probe_binary, judge):
    return Probe(probe_binary, judge.url)
