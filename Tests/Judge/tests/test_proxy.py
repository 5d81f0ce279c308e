"""The proxy passes bytes on unchanged, records, injects, and reports."""

import json
import re
import socket
import threading
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from judge import Judge
from judge.__main__ import main
from judge.http1 import Stream, body
from raw import ECS, JSON, PATIENCE, ecs, encode, form, send, signed


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_bytes_pass_unchanged(judge, upstream):
    raw = (b"PUT /v2/a%2Fb//c/../d?x=%7e&&y HTTP/1.1\r\nhOsT: Example:1\r\nX-Odd:   two  blanks \r\n"
           b"Transfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nTrailer: t\r\n\r\n")
    head, content = send(judge.url, raw)
    assert head.status == 200
    assert content == b"{}"
    assert upstream.received[0].raw == raw
    [request] = judge.requests()
    assert (request.service, request.operation, request.faults) == ("registry", "PUT", [])


def test_answers_pass_unchanged_whatever_the_faults(judge, upstream):
    upstream.answer = lambda _: (418, {"X-Odd": "a  b", "Content-Type": "text/odd"}, b"\0\1\2")
    head, content = send(judge.url, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    assert head.raw.startswith(b"HTTP/1.1 418 ")
    assert head.get("X-Odd") == "a  b"
    assert content == b"\0\1\2"
    assert judge.faults


def test_keep_alive_and_expect_continue(judge, upstream):
    content = b"hello"
    headers = signed(judge.url, "PUT", "/b/k", {}, content, "s3") | {"Content-Length": "5", "Expect": "100-continue"}
    parts = urlsplit(judge.url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
        stream = Stream(connection)
        for _ in range(2):
            connection.sendall(encode("PUT", "/b/k", headers, b""))
            assert stream.head(is_request=False).status == 100
            connection.sendall(content)
            answer = stream.head(is_request=False)
            assert answer.status == 200
            assert b"".join(piece for _, piece in body(stream, answer)) == b"{}"
    assert [received.content for received in upstream.received] == [content, content]
    assert [request.faults for request in judge.requests()] == [[], []]


def test_record(judge, tmp_path):
    judge.label = "a test"
    ecs(judge, "ListClusters", '{"maxResults":10,"colour":1}')
    judge.settle()
    [line] = lines(tmp_path / "requests.jsonl")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", line["time"])
    assert line["ms"] > 0
    assert (line["service"], line["operation"], line["status"], line["label"]) == ("ecs", "ListClusters", 200, "a test")
    assert line["request"] == {"maxResults": 10}
    assert [fault["code"] for fault in line["faults"]] == ["unknown-member"]


def test_secrets_stay_out_of_the_record(judge, tmp_path):
    def run(target, content, service):
        headers = {"Content-Type": JSON, "X-Amz-Target": target}
        ecs(judge, "X", json.dumps(content), headers=headers, service=service)

    environment = [{"name": "DB_PASSWORD", "value": "hidden1"}, {"name": "COLOUR", "value": "hidden5"}]
    run(f"{ECS}.RunTask", {
        "taskDefinition": "t", "clientToken": "c", "overrides": {
            "containerOverrides": [{"name": "a", "environment": environment}]}}, "ecs")
    run("AmazonSSM.PutParameter", {"Name": "/a", "Type": "SecureString", "Value": "hidden2"}, "ssm")
    run("secretsmanager.CreateSecret", {"Name": "a", "SecretString": "hidden3", "ClientRequestToken": "c" * 32},
        "secretsmanager")
    run("secretsmanager.GetSecretValue", {"SecretId": "visible"}, "secretsmanager")
    form(judge, "Action=CreateStack&StackName=a&Parameters.member.1.ParameterKey=DBPassword"
                "&Parameters.member.1.ParameterValue=hidden4&Parameters.member.2.ParameterKey=Colour"
                "&Parameters.member.2.ParameterValue=red&Version=2010-05-15")
    judge.settle()
    text = (tmp_path / "requests.jsonl").read_text()
    assert "hidden" not in text
    assert "red" in text
    assert "visible" in text
    assert not judge.faults
    assert judge.requests("ssm")[0].params["Value"] == "hidden2"


def client(judge, service, **config):
    return boto3.client(
        service, endpoint_url=judge.url, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(read_timeout=PATIENCE, **config))


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("ecs", lambda c: c.list_clusters()), ("cloudformation", lambda c: c.list_stacks()),
        ("ec2", lambda c: c.describe_vpcs()), ("scheduler", lambda c: c.list_schedules()),
        ("s3", lambda c: c.get_object(Bucket="b", Key="k")),
    ])
def test_injected_errors_are_of_the_protocol(judge, upstream, service, call):
    injection = judge.inject(service, status=400, code="ThrottlingException", message="slow <down>")
    made = client(judge, service, retries={"max_attempts": 0})
    with pytest.raises(made.exceptions.ClientError) as caught:
        call(made)
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"
    assert caught.value.response["Error"]["Message"] == "slow <down>"
    assert injection.seen == 1
    assert upstream.received == []
    assert judge.requests()[0].injected


def test_injection_counts_and_names(judge, upstream):
    judge.inject("ecs", "ListClusters", times=2, status=503, code="ServerException")
    made = client(judge, "ecs", retries={"mode": "standard", "max_attempts": 4})
    made.list_tasks()
    made.list_clusters()
    assert [request.status for request in judge.requests("ecs", "ListClusters")] == [503, 503, 200]
    assert len(upstream.received) == 2


def test_reset_before_and_after(judge, upstream):
    parts = urlsplit(judge.url)
    headers = signed(judge.url, "POST", "/", {"Content-Type": JSON, "X-Amz-Target": f"{ECS}.ListTasks"}, b"{}", "ecs")
    raw = encode("POST", "/", headers | {"Content-Length": "2"}, b"{}")
    for after in (False, True):
        judge.inject("ecs", reset=True, after=after)
        with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
            connection.sendall(raw)
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
    assert len(upstream.received) == 1
    assert [request.status for request in judge.requests()] == [0, 0]


def test_hold_and_wait_for(judge):
    gate = threading.Event()
    judge.inject("ecs", hold=gate, status=200, body="{}")
    made = client(judge, "ecs")
    thread = threading.Thread(target=made.list_clusters)
    thread.start()
    [request] = judge.wait_for("ecs", "ListClusters", deadline=PATIENCE)
    assert request.status is None
    gate.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert request.status == 200
    with pytest.raises(TimeoutError):
        judge.wait_for("ecs", "RunTask", deadline=0.05)


def test_settling_waits_for_what_nobody_has_begun_to_read(judge):
    """Else the request of a client that was killed would count as the next test's."""
    parts = urlsplit(judge.url)
    for number in range(1, 51):
        with socket.create_connection((parts.hostname, parts.port), 10) as connection:
            connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n")
        assert judge.settle()
        assert len(judge.requests()) == number


def test_mutations_are_told_from_reads(judge):
    mark = judge.mark()
    ecs(judge, "DescribeTasks", '{"tasks":["a"]}')
    form(judge, "Action=DescribeStacks&Version=2010-05-15")
    assert judge.requests(since=mark, mutating=True) == []
    ecs(judge, "StopTask", '{"task":"a"}')
    assert [request.operation for request in judge.requests(since=mark, mutating=True)] == ["StopTask"]


def test_unreachable_upstream_is_a_502():
    # Bound and not listening: a port that was let go could be the judge's own.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with Judge(f"http://127.0.0.1:{port}") as judge:
            head, content = send(judge.url, b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n")
            assert head.status == 502
            assert b"cannot connect" in content


def test_client_that_leaves_is_recorded_as_aborted(judge, tmp_path):
    parts = urlsplit(judge.url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
        connection.sendall(b"PUT /b/k HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhal")
    with judge._changed:
        assert judge._changed.wait_for(lambda: judge._requests, PATIENCE)
    judge.settle()
    [line] = lines(tmp_path / "requests.jsonl")
    assert line["aborted"]
    assert line["faults"] == []


def test_malformed_request(judge):
    for raw in (b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"GET /\xff HTTP/3\r\n\r\n"):
        head, _ = send(judge.url, raw)
        assert head.status == 400
    assert [fault.code for _, fault in judge.faults] == ["bad-framing"] * 3
    send(judge.url, b"GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert [fault.code for fault in judge.requests()[-1].faults] == ["bad-framing"]


def test_metadata_and_emulator_paths_are_no_faults(judge):
    paths = {"/_ministack/health": "local", "/v2/credentials/abc": "metadata", "/v2/x/tags/list": "registry"}
    for path, service in paths.items():
        send(judge.url, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert judge.requests()[-1].service == service
    send(judge.url, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (judge.requests()[-1].service, judge.requests()[-1].mutates) == ("probe", False)
    assert not judge.faults


def test_report_and_operations_on_the_command_line(judge, tmp_path, capsys):
    record, page = tmp_path / "requests.jsonl", tmp_path / "aws-operations.md"
    ecs(judge, "ListClusters", "{}")
    send(judge.url, b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n")
    judge.settle()
    assert main(["report", str(record)]) == 0
    assert main(["operations", str(record), "--check", str(page)]) == 1
    assert "ecs: ListClusters was called and is not in aws-operations.md" in capsys.readouterr().out
    assert main(["operations", str(record), "--write", str(page)]) == 0
    assert ("| `ecs` | `ListClusters` | "
            "[ListClusters](https://docs.aws.amazon.com/goto/WebAPI/ecs-2014-11-13/ListClusters) |") in page.read_text()
    assert main(["operations", str(record), "--check", str(page), "--complete"]) == 0

    page.write_text(page.read_text() + "| `ecs` | `RunTask` | [RunTask](x) |\n")
    assert main(["operations", str(record), "--check", str(page)]) == 0
    assert main(["operations", str(record), "--check", str(page), "--complete"]) == 1
    assert "ecs: RunTask is in aws-operations.md and was not called" in capsys.readouterr().out

    ecs(judge, "RunTask", "{}")
    judge.settle()
    assert main(["report", str(record)]) == 1
    out = capsys.readouterr().out
    assert "missing-member: RunTask.taskDefinition is required" in out
    assert "2 faults" in out
    record.write_text("{")
    assert main(["report", str(record)]) == 65
    assert "requests.jsonl:1" in capsys.readouterr().err
