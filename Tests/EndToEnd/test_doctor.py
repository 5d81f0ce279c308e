"""doctor --offline against botocore: the same endpoints and signing scopes, the same combinations refused."""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

SERVICES = ["cloudformation", "ecs", "ecr", "events", "scheduler", "s3", "ssm", "secretsmanager", "logs", "cloudwatch",
            "sts", "stepfunctions", "ec2", "iam", "sns", "sqs", "rds", "elbv2", "servicediscovery"]
LOADER = Loader()
PARTITIONS = LOADER.load_data("partitions")["partitions"]
REGIONS = [region for partition in PARTITIONS for region in partition["regions"]]
# Regions of the future, and names that look like another partition's.
REGIONS += ["us-east-9", "cn-south-7", "us-gov-south-1", "eu-isoe-north-2", "eusc-de-west-1", "us-new-place-1", "cn-odd",
            "mars"]
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "never-shown-a1b2"}
# What botocore alone still does by default: S3's old host in us-east-1.
REGIONAL = {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "regional"}


@functools.cache
def rules(service):
    data = LOADER.load_service_model(service, "endpoint-rule-set-1")
    return EndpointProvider(data, LOADER.load_data("partitions"))


@functools.cache
def signing_name(service):
    metadata = LOADER.load_service_model(service, "service-2")["metadata"]
    return metadata.get("signingName", metadata["endpointPrefix"])


def expected(service, region, **parameters):
    """Endpoint, signing name and region by botocore's rules; `None` when they refuse."""
    if service == "sts":
        parameters.setdefault("UseGlobalEndpoint", False)
    try:
        found = rules(service).resolve_endpoint(Region=region, **parameters)
    except EndpointProviderError:
        return None
    [scheme] = [s for s in found.properties.get("authSchemes", [{"name": "sigv4"}]) if s["name"] == "sigv4"]
    return (found.url, scheme.get("signingName", signing_name(service)), scheme.get("signingRegion", region))


class Doctor:
    def __init__(self, binary, home):
        self.binary, self.home = binary, home

    def run(self, environment, *arguments):
        return subprocess.run(
            [self.binary, "doctor", "--offline", "--output", "json", *arguments], cwd=self.home, capture_output=True,
            text=True, timeout=240, env={"HOME": str(self.home), "PATH": os.environ["PATH"], **environment})

    def __call__(self, environment, *arguments, code=0):
        """The report; `code=None` leaves the exit code to the caller."""
        done = self.run(environment, *arguments)
        if code is not None:
            assert done.returncode == code, done.stdout + done.stderr
        report = json.loads(done.stdout)
        assert [s["service"] for s in report["services"]] == SERVICES
        return report


@pytest.fixture
def doctor(fgctl_binary, tmp_path):
    return Doctor(fgctl_binary, tmp_path)


def places(report):
    return {s["service"]: (s["endpoint"], s["signingName"], s["signingRegion"]) if "endpoint" in s else None
            for s in report["services"]}


def test_every_region_with_fips_and_dual_stack(doctor):
    def flag(value):
        return "true" if value else "false"

    def compare(combination):
        region, fips, dual_stack = combination
        report = doctor(
            {"AWS_REGION": region, "AWS_USE_FIPS_ENDPOINT": flag(fips), "AWS_USE_DUALSTACK_ENDPOINT": flag(dual_stack)},
            code=None)
        wanted = {s: expected(s, region, UseFIPS=fips, UseDualStack=dual_stack) for s in SERVICES}
        refused = [s for s in SERVICES if wanted[s] is None]
        problems = [c for c in report["checks"] if c["status"] == "failed"]
        assert bool(problems) == bool(refused), (combination, problems)
        assert places(report) == wanted, combination
        return len(wanted)

    combinations = list(itertools.product(REGIONS, (False, True), (False, True)))
    with ThreadPoolExecutor(2) as pool:
        compared = sum(pool.map(compare, combinations))
    assert compared == len(REGIONS) * 4 * len(SERVICES) > 4000


@pytest.mark.parametrize(("environment", "parameters"), [
    ({"AWS_USE_FIPS_ENDPOINT": "true"}, {"UseFIPS": True}),
    ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, {"UseDualStack": True}),
    ({}, {}),
])
def test_endpoints_that_are_set(doctor, environment, parameters):
    url = "https://endpoint.test:8443/base"
    for region in ("eu-west-1", "cn-north-1", "us-gov-west-1"):
        report = doctor(
            {"AWS_REGION": region, "AWS_ENDPOINT_URL": url, **environment}, code=64 if parameters else 0)
        assert places(report) == {s: expected(s, region, Endpoint=url, **parameters) for s in SERVICES}


def of_client(environment, monkeypatch, config_file=None):
    """What real clients of botocore would do: they read environment and profile themselves."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config_file or "/nonexistent"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    for name, value in {**KEYS, **REGIONAL, **environment}.items():
        # Python's botocore, alone among AWS's tools, does not read AWS_REGION.
        monkeypatch.setenv("AWS_DEFAULT_REGION" if name == "AWS_REGION" else name, value)
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    found = {}
    for service in SERVICES:
        client = session.create_client(service)
        model = client.meta.service_model
        name = "ListBuckets" if service == "s3" else model.operation_names[0]
        info = client._ruleset_resolver.construct_endpoint(
            model.operation_model(name), {}, {"client_region": client.meta.region_name, "client_config":
                                              client.meta.config, "has_streaming_input": False, "auth_type": None})
        [scheme] = [s for s in info.properties.get("authSchemes", [{"name": "v4"}]) if s["name"] in ("sigv4", "v4")]
        found[service] = (info.url.rstrip("/"), scheme.get("signingName", model.signing_name),
                          scheme.get("signingRegion", client.meta.region_name))
    return found


CONFIG = """
[default]
region = ap-southeast-2
endpoint_url = http://profile.test
services = mine
[services mine]
ecs =
  endpoint_url = http://ecs.profile.test:81
elastic_load_balancing_v2 =
  endpoint_url = http://elb.profile.test/x
[profile gov]
region = us-gov-east-1
use_fips_endpoint = true
use_dualstack_endpoint = false
[profile both]
region = us-west-2
use_fips_endpoint = true
use_dualstack_endpoint = true
[profile ignoring]
region = eu-north-1
ignore_configured_endpoint_urls = true
endpoint_url = http://profile.test
[profile s3]
region = eu-south-2
s3 =
  use_dualstack_endpoint = true
  addressing_style = path
[profile legacy]
region = us-east-1
sts_regional_endpoints = legacy
s3 =
  us_east_1_regional_endpoint = legacy
[profile pseudo]
region = us-gov-west-1-fips
"""


@pytest.mark.parametrize("environment", [
    {},
    {"AWS_REGION": "eu-west-3"},
    {"AWS_DEFAULT_REGION": "eu-west-3"},
    {"AWS_ENDPOINT_URL": "http://all.test"},
    {"AWS_ENDPOINT_URL": "http://all.test", "AWS_ENDPOINT_URL_S3": "http://s3.test:9000"},
    {"AWS_ENDPOINT_URL_ECS": "http://ecs.test", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://logs.test"},
    {"AWS_ENDPOINT_URL_SFN": "http://a.test", "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": "http://b.test",
     "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://c.test", "AWS_ENDPOINT_URL_SERVICEDISCOVERY": "http://d.test"},
    {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://all.test"},
    {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    {"AWS_PROFILE": "gov"},
    {"AWS_PROFILE": "gov", "AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_PROFILE": "both"},
    {"AWS_PROFILE": "ignoring"},
    {"AWS_PROFILE": "ignoring", "AWS_ENDPOINT_URL_STS": "http://sts.test"},
    {"AWS_PROFILE": "ignoring", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
    {"AWS_PROFILE": "s3"},
    {"AWS_PROFILE": "legacy", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy"},
    {"AWS_PROFILE": "pseudo"},
    {"AWS_STS_REGIONAL_ENDPOINTS": "legacy", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
], ids=lambda environment: " ".join(f"{k.removeprefix('AWS_')}={v}" for k, v in environment.items()) or "nothing")
def test_the_levels_of_settings_as_clients_read_them(doctor, monkeypatch, tmp_path, environment):
    file = tmp_path / "config"
    file.write_text(CONFIG)
    wanted = of_client(environment, monkeypatch, file)
    # Without keys: those in the environment would hide the profile, which is one group with them in fgctl.
    given = {**REGIONAL, **environment, "AWS_CONFIG_FILE": str(file)}
    assert places(doctor(given)) == wanted


def test_the_flag_goes_before_all_and_holds_though_endpoints_are_ignored(doctor):
    environment = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_ECS": "http://ecs.test",
                   "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    report = doctor(environment, "--endpoint-url", "http://flag.test/", "--region", "eu-west-2")
    assert {s["endpoint"] for s in report["services"]} == {"http://flag.test"}
    assert {s["source"] for s in report["services"]} == {"--endpoint-url"}
    assert (report["region"], report["regionSource"]) == ("eu-west-2", "--region")


def test_sources_of_credentials(doctor, tmp_path):
    region = {"AWS_REGION": "eu-west-1"}
    assert doctor({**region, **KEYS})["credentials"] == "environment"
    assert "never-shown" not in json.dumps(doctor({**region, **KEYS}))
    assert doctor(region)["credentials"].startswith("none: ")
    keys = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n"
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(keys)
    assert doctor(region)["credentials"] == f"profile default ({tmp_path}/.aws/credentials)"
    ways = {"role_arn = arn:aws:iam::1:role/x\nsource_profile = default": "role arn:aws:iam::1:role/x",
            "sso_session = s\nsso_account_id = 1": "IAM Identity Center", "credential_process = p": "credential_process",
            "role_arn = r\nweb_identity_token_file = f": "web identity", "login_session = l": "aws login"}
    for lines, shown in ways.items():
        (tmp_path / ".aws" / "config").write_text(f"[profile dev]\n{lines}\n")
        assert doctor(region, "--profile", "dev")["credentials"] == f"profile dev, {shown}"
    (tmp_path / ".aws" / "config").write_text("[profile dev]\noutput = json\n")
    assert doctor(region, "--profile", "dev")["credentials"] == "none: profile 'dev' (--profile) has no credentials"
    incomplete = doctor({**region, "AWS_ACCESS_KEY_ID": "a"}, code=4)["credentials"]
    assert incomplete == "none: the credentials in environment are incomplete: AWS_SECRET_ACCESS_KEY is not set there"
    container = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"}
    (tmp_path / ".aws" / "credentials").unlink()
    assert doctor({**region, **container})["credentials"].startswith("container endpoint (")


def test_what_is_wrong_is_said_and_decides_the_exit_code(doctor):
    report = doctor({}, code=64)
    assert "region" not in report
    [failed] = [c for c in report["checks"] if c["status"] == "failed"]
    assert failed["check"] == "region" and "--region" in failed["advice"]
    assert all("endpoint" not in s and s["error"] for s in report["services"])


def test_settings_that_can_not_be_read_are_errors(doctor, tmp_path):
    done = doctor.run({"AWS_REGION": "eu-west-1", "AWS_PROFILE": "nowhere"})
    assert (done.returncode, json.loads(done.stdout)["error"]["kind"]) == (4, "credentials")
    file = tmp_path / "config"
    file.write_text("[default\n")
    done = doctor.run({"AWS_REGION": "eu-west-1", "AWS_CONFIG_FILE": str(file)})
    assert done.returncode == 65
    assert f"{file}:1" in json.loads(done.stdout)["error"]["message"]
    for name, value in (("AWS_USE_FIPS_ENDPOINT", "yes"), ("AWS_REGION", "evil.test/"), ("AWS_ENDPOINT_URL", "x")):
        done = doctor.run({"AWS_REGION": "eu-west-1", name: value})
        assert done.returncode == 64
        assert f"environment {name}" in done.stdout


def test_offline_asks_nobody(doctor, judge):
    mark = judge.mark()
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    metadata = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": judge.url, "AWS_CONTAINER_CREDENTIALS_FULL_URI": judge.url}
    doctor({**metadata, "AWS_ENDPOINT_URL": judge.url}, code=64)
    doctor({**metadata, **keys, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": judge.url})
    assert judge.requests(since=mark) == []


def checks(report):
    return {c["check"]: c for c in report["checks"]}


def test_online_asks_who_it_is_and_whether_all_is_well(project, judge):
    mark = judge.mark()
    report = project.fgctl("doctor", "--output", "json").expect(0).json
    found = checks(report)
    assert list(found) == ["region", "credentials", "endpoints", "reachability", "clock", "identity", "permissions", "docker"]
    assert {c["status"] for c in found.values()} == {"ok"}
    assert "account 000000000000" in found["identity"]["detail"]
    assert found["reachability"]["detail"].startswith("9 services answer at 1 endpoint, in ")
    assert re.fullmatch(r"client \S+ \(/\S+/docker\), engine \S+ \(linux/\w+\).*", found["docker"]["detail"])
    assert sorted((r.service, r.operation) for r in judge.requests(since=mark)) == [
        ("probe", "HEAD"), ("sts", "GetCallerIdentity")]
    lines = project.fgctl("doctor").expect(0).out
    assert "ok       identity: arn:aws:" in lines


def test_the_account_that_is_asserted(project):
    project.write_env(AWS_ACCOUNT_ID="111122223333")
    found = checks(project.fgctl("doctor", "--output", "json").expect(1).json)["identity"]
    assert found["status"] == "failed"
    assert "account 000000000000, but AWS_ACCOUNT_ID is 111122223333 (env/default:10)" in found["detail"]
    assert found["advice"]
    project.write_env(AWS_ACCOUNT_ID="000000000000")
    assert checks(project.fgctl("doctor", "--output", "json").expect(0).json)["identity"]["status"] == "ok"
    project.write_env(AWS_ACCOUNT_ID="12")
    assert "is no account id" in project.fgctl("doctor").expect(65).out


@pytest.mark.parametrize(("minutes", "status", "code"), [(0.9, "ok", 0), (2, "warn", 0), (10, "failed", 1), (-10, "failed", 1)])
def test_a_wrong_clock(project, judge, minutes, status, code):
    headers = {"Date": "when it is asked"}

    def when_it_is_asked(*_):
        headers["Date"] = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
        return True

    judge.inject("probe", status=200, body="", headers=headers, where=when_it_is_asked)
    found = checks(project.fgctl("doctor", "--output", "json").expect(code).json)
    assert found["clock"]["status"] == status
    if code:
        assert re.match(r"(9 min 5\d s|10 min.*) (behind|ahead of) the clock of STS", found["clock"]["detail"])
        assert "set the clock" in found["clock"]["advice"]
        assert ("behind" in found["clock"]["detail"]) == (minutes > 0)
        # The client corrects what it sends.
        assert found["identity"]["status"] == "ok"


def test_an_endpoint_that_does_not_answer(project, judge):
    project.write_env(AWS_ENDPOINT_URL_LOGS="http://127.0.0.1:1", AWS_ENDPOINT_URL_ECR="http://no-such-host.invalid")
    began = time.monotonic()
    found = checks(project.fgctl("doctor", "--output", "json").expect(1).json)
    assert time.monotonic() - began < 15
    reach = found["reachability"]
    assert reach["status"] == "failed" and "env/default" in reach["advice"]
    assert "refused: cannot connect: connection refused: logs at http://127.0.0.1:1" in reach["detail"]
    assert re.search(r"DNS: .*: ecr at http://no-such-host\.invalid", reach["detail"])
    assert "cloudformation" not in reach["detail"]
    assert found["identity"]["status"] == found["clock"]["status"] == "ok"


def test_an_endpoint_that_never_answers_ends_in_time(project):
    """A listener that takes connections and says nothing: nobody waits for it long."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = checks(project.fgctl("doctor", "--output", "json", "--endpoint-url", url).expect(1).json)
        assert time.monotonic() - began < 15
    assert found["reachability"]["detail"].startswith("no answer: timed out")
    assert (found["clock"]["status"], found["identity"]["status"]) == ("unknown", "failed")


def test_an_endpoint_without_tls(project, local_aws):
    found = checks(project.fgctl(
        "doctor", "--output", "json", "--endpoint-url", local_aws.replace("http:", "https:")).expect(1).json)
    assert found["reachability"]["detail"].startswith("TLS: ")
    assert "AWS_CA_BUNDLE" in found["reachability"]["advice"]


def test_a_proxy_that_is_down(project):
    project.write_env(AWS_ENDPOINT_URL=None)
    found = checks(project.fgctl(
        "doctor", "--output", "json", env={"HTTPS_PROXY": "http://127.0.0.1:1"}).expect(1).json)
    assert found["reachability"]["status"] == "failed"
    assert "HTTPS_PROXY" in found["reachability"]["advice"]


def test_docker_is_missing(project):
    empty = project.folder / "nothing"
    empty.mkdir()
    report = project.fgctl("doctor", "--output", "json", env={"PATH": str(empty)}).expect(127).json
    assert checks(report)["docker"]["status"] == "failed"
    assert "apt install docker.io" in checks(report)["docker"]["advice"]
    # Without a Dockerfile only the commands that need it are the worse for it.
    (project.folder / "Dockerfile").unlink()
    report = project.fgctl("doctor", "--output", "json", env={"PATH": str(empty)}).expect(0).json
    assert checks(report)["docker"]["status"] == "warn"


def test_docker_does_not_answer(project):
    report = project.fgctl("doctor", "--output", "json", env={"DOCKER_HOST": "tcp://127.0.0.1:1"}).expect(1).json
    docker = checks(report)["docker"]
    assert docker["status"] == "failed" and "does not answer" in docker["detail"]
    assert "DOCKER_HOST=tcp://127.0.0.1:1" in docker["detail"]
    stuck = project.write("stuck/docker", "#!/bin/sh\nexec sleep 600\n")
    stuck.chmod(0o755)
    began = time.monotonic()
    path = f"{stuck.parent}:{os.environ['PATH']}"
    report = project.fgctl("doctor", "--output", "json", env={"PATH": path}).expect(1).json
    assert time.monotonic() - began < 15
    assert "timed out" in checks(report)["docker"]["detail"]


def test_online_refused_credentials_are_4(project, judge):
    judge.inject("sts", "GetCallerIdentity", status=403, code="InvalidClientTokenId")
    report = project.fgctl("doctor", "--output", "json").expect(4).json
    [failed] = [c for c in report["checks"] if c["status"] == "failed"]
    assert failed["check"] == "identity" and "InvalidClientTokenId" in failed["detail"]
