"""The judge finds what is wrong with a signature, and nothing where all is right."""

import datetime

import pytest
from raw import ECS, JSON, call, ecs, encode, send, signed

LIST = '{"maxResults":10}'


def test_a_right_request_has_no_fault(judge):
    assert ecs(judge, "ListClusters", LIST) == []


def test_wrong_secret(judge):
    assert ecs(judge, "ListClusters", LIST, secret="other") == ["wrong-signature"]


def test_unknown_access_key(judge):
    assert ecs(judge, "ListClusters", LIST, key="AKIDOTHER") == ["unknown-key"]


def test_body_changed_after_signing(judge):
    def spoil(headers):
        headers["Content-Length"] = "2"
    assert ecs(judge, "ListClusters", LIST, spoil=spoil) == ["wrong-signature", "bad-body"]


def test_header_changed_after_signing(judge):
    def spoil(headers):
        headers["X-Amz-Target"] = f"{ECS}.ListTasks"
    assert "wrong-signature" in ecs(judge, "ListClusters", LIST, spoil=spoil)


def test_path_changed_after_signing(judge):
    headers = signed(judge.url, "GET", "/bucket/a%20b", {}, b"", "s3")
    send(judge.url, encode("GET", "/bucket/a%20c", headers, b""))
    assert [f.code for f in judge.requests()[0].faults] == ["wrong-signature"]


def test_query_changed_after_signing(judge):
    headers = signed(judge.url, "GET", "/bucket?list-type=2&prefix=a", {}, b"", "s3")
    send(judge.url, encode("GET", "/bucket?list-type=2&prefix=b", headers, b""))
    assert [f.code for f in judge.requests()[0].faults] == ["wrong-signature"]


def test_wrong_region_in_scope(judge):
    def spoil(headers):
        headers["Authorization"] = headers["Authorization"].replace("us-east-1", "us-west-2")
    assert ecs(judge, "ListClusters", LIST, spoil=spoil) == ["wrong-signature"]


def test_unsigned_host(judge, monkeypatch):
    from botocore.auth import SigV4Auth
    original = SigV4Auth.headers_to_sign

    def without_host(self, request):
        headers = original(self, request)
        del headers["host"]
        return headers

    headers = {"Content-Type": JSON, "X-Amz-Target": f"{ECS}.ListClusters"}
    with monkeypatch.context() as patch:
        patch.setattr(SigV4Auth, "headers_to_sign", without_host)
        headers = signed(judge.url, "POST", "/", headers, LIST.encode(), "ecs")
    send(judge.url, encode("POST", "/", headers | {"Content-Length": str(len(LIST))}, LIST.encode()))
    assert [f.code for f in judge.requests()[0].faults] == ["unsigned-header"]


def test_unsigned_amz_header(judge):
    def spoil(headers):
        headers["X-Amz-Extra"] = "1"
    assert ecs(judge, "ListClusters", LIST, spoil=spoil) == ["unsigned-header"]


def at(moment, monkeypatch):
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: moment)


def test_stale_date(judge, monkeypatch):
    for minutes, faults in ((-6, ["stale-date"]), (6, ["stale-date"]), (-4, []), (4, [])):
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        with monkeypatch.context() as patch:
            at(now + datetime.timedelta(minutes=minutes), patch)
            found = ecs(judge, "ListClusters", LIST)
        # Near midnight UTC the shifted scope is of another day, and rightly so.
        assert found == faults, minutes


def test_wrong_payload_hash(judge):
    found = call(
        judge, "PUT", "/bucket/key", content=b"hello", service="s3",
        spoil=lambda h: h | {"X-Amz-Content-SHA256": "0" * 64})
    assert found == ["wrong-payload-hash", "wrong-signature"]


def test_payload_hash_missing_on_s3(judge):
    def spoil(headers):
        del headers["X-Amz-Content-SHA256"]
    assert "wrong-payload-hash" in call(judge, "GET", "/bucket/key", service="s3", spoil=spoil)


def test_unsigned_payload_only_on_s3(judge):
    more = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    assert ecs(judge, "ListClusters", LIST, headers=more) == ["wrong-payload-hash"]


def test_large_body_is_hashed_and_passed_on_whole(judge, upstream):
    content = bytes(range(256)) * 40_000  # 10 MB, beyond what the judge keeps
    assert call(judge, "PUT", "/bucket/large", content=content, service="s3") == []
    assert upstream.received[0].content == content
    spoilt = content[:-1] + b"x"
    headers = signed(judge.url, "PUT", "/bucket/large", {}, content, "s3") | {"Content-Length": str(len(content))}
    send(judge.url, encode("PUT", "/bucket/large", headers, spoilt))
    assert [f.code for f in judge.requests()[-1].faults] == ["wrong-payload-hash"]


def test_session_token(judge):
    judge.know("ASIA1", "secret1", "token1")
    assert ecs(judge, "ListClusters", LIST, key="ASIA1", secret="secret1", token="token1") == []
    assert ecs(judge, "ListClusters", LIST, key="ASIA1", secret="secret1") == ["wrong-token"]
    assert ecs(judge, "ListClusters", LIST, token="unasked") == ["wrong-token"]


def test_unsigned_request(judge):
    def spoil(headers):
        del headers["Authorization"]
    assert ecs(judge, "ListClusters", LIST, spoil=spoil) == ["unsigned-request"]


def test_wrong_checksums(judge):
    for name, right in (
        ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="), ("x-amz-checksum-crc32", "NhCmhg=="),
        ("x-amz-checksum-crc32c", "mnG7TA=="), ("x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
    ):
        assert call(judge, "PUT", "/b/k", {name: right}, b"hello", "s3") == [], name
        assert call(judge, "PUT", "/b/k", {name: "AAAAAA=="}, b"hello", "s3") == ["wrong-checksum"], name


def test_crc64nvme_check_value():
    from judge.checksums import SLOW
    assert SLOW["crc64nvme"](b"123456789").hex() == "ae8b14860a799888"
    assert SLOW["crc32c"](b"123456789").hex() == "e3069283"


CHUNKED = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n"


@pytest.mark.parametrize(
    ("crc", "length", "trailer", "faults"),
    [
        (b"DUoRhQ==", "11", "x-amz-checksum-crc32", []),
        (b"AAAAAA==", "11", "x-amz-checksum-crc32", ["wrong-checksum"]),
        (b"DUoRhQ==", "12", "x-amz-checksum-crc32", ["bad-framing"]),
        (b"DUoRhQ==", "11", "x-amz-checksum-crc64nvme", ["bad-framing"]),
    ])
def test_trailing_checksum(judge, monkeypatch, crc, length, trailer, faults):
    monkeypatch.setattr(
        "botocore.auth.S3SigV4Auth.payload", lambda *_: "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    headers = {"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": length, "X-Amz-Trailer": trailer}
    content = CHUNKED.replace(b"{crc}", crc)
    signing = signed(judge.url, "PUT", "/b/k", headers, content, "s3") | {"Content-Length": str(len(content))}
    send(judge.url, encode("PUT", "/b/k", signing, content))
    assert [fault.code for fault in judge.requests()[-1].faults] == faults
