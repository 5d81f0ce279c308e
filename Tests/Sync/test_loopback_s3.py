"""The server that the others run against is an S3: boto3 is content with it, and awscrt's checksums are its own."""

import base64
import hashlib
import http.client
import random
import re
import threading

import boto3
import pytest
from awscrt import checksums
from botocore.config import Config
from botocore.exceptions import ClientError
from sync_harness import BUCKET, MIB, UNUSUAL

ALGORITHMS = ["CRC64NVME", "CRC32", "CRC32C", "SHA1", "SHA256"]
HELLO = b"hello world"


def client(server):
    return boto3.client(
        "s3", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(
            request_checksum_calculation="when_supported", response_checksum_validation="when_supported",
            retries={"max_attempts": 0}, s3={"addressing_style": "path"}))


@pytest.fixture
def s3(server):
    return client(server)


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def encoded(number, length):
    return base64.b64encode(number.to_bytes(length, "big")).decode()


def refused(call, status, code=None, **words):
    with pytest.raises(ClientError) as caught:
        call(Bucket=BUCKET, **words)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert code in (None, answer["Error"]["Code"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [0, 1, 4096, 9 * MIB])
def test_objects_come_back_with_all_that_was_sent(s3, algorithm, size):
    data = content(size)
    s3.put_object(
        Bucket=BUCKET, Key="a b/ü+", Body=data, ChecksumAlgorithm=algorithm, Metadata={"x": "y"}, ContentType="text/x")
    found = s3.get_object(Bucket=BUCKET, Key="a b/ü+", ChecksumMode="ENABLED")
    assert found["Body"].read() == data
    assert (found["Metadata"], found["ContentType"]) == ({"x": "y"}, "text/x")
    assert found[f"Checksum{algorithm}"]
    assert found["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    if size > 1:
        part = s3.get_object(Bucket=BUCKET, Key="a b/ü+", Range=f"bytes={size // 2}-{size}")
        assert part["Body"].read() == data[size // 2:]
        assert part["ContentRange"] == f"bytes {size // 2}-{size - 1}/{size}"
    refused(s3.get_object, 416, "InvalidRange", Key="a b/ü+", Range=f"bytes={size}-")


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_listings_in_pages(s3, operation):
    for number, key in enumerate(UNUSUAL):
        s3.put_object(Bucket=BUCKET, Key=key, Body=str(number).encode())
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == str(number).encode()
    pages = s3.get_paginator(operation)
    for size in (1, 3, 1000):
        limits = {"PageSize": size}
        listed = [item["Key"] for page in pages.paginate(Bucket=BUCKET, PaginationConfig=limits)
                  for item in page["Contents"]]
        assert listed == sorted(UNUSUAL, key=str.encode)
        grouped = list(pages.paginate(Bucket=BUCKET, Delimiter="/", PaginationConfig=limits))
        prefixes = [item["Prefix"] for page in grouped for item in page.get("CommonPrefixes", [])]
        assert prefixes == ["deep/", "ü/"]
        rest = [item["Key"] for page in grouped for item in page.get("Contents", [])]
        assert sorted(rest) == sorted(key for key in UNUSUAL if "/" not in key)
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in UNUSUAL]})
    assert "Contents" not in getattr(s3, operation)(Bucket=BUCKET)


def test_conditions(s3):
    first = s3.put_object(Bucket=BUCKET, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    refused(s3.put_object, 412, "PreconditionFailed", Key="k", Body=b"2", IfNoneMatch="*")
    refused(s3.put_object, 412, "PreconditionFailed", Key="k", Body=b"2", IfMatch='"other"')
    refused(s3.put_object, 404, "NoSuchKey", Key="none", Body=b"2", IfMatch=first)
    second = s3.put_object(Bucket=BUCKET, Key="k", Body=b"2", IfMatch=first)["ETag"]
    refused(s3.get_object, 412, "PreconditionFailed", Key="k", IfMatch=first)
    refused(s3.get_object, 304, Key="k", IfNoneMatch=second)
    assert s3.get_object(Bucket=BUCKET, Key="k", IfMatch=second)["Body"].read() == b"2"


@pytest.mark.parametrize("announced", [
    {"ChecksumCRC32": "AAAAAA=="}, {"ChecksumCRC64NVME": "AAAAAAAAAAA="}, {"ContentMD5": base64.b64encode(bytes(16)).decode()},
    {"ChecksumSHA256": base64.b64encode(bytes(32)).decode()}])
@pytest.mark.parametrize("size", [5, 2 * MIB])
def test_altered_bodies_are_refused(s3, announced, size):
    refused(s3.put_object, 400, "BadDigest", Key="k", Body=content(size), **announced)
    refused(s3.get_object, 404, "NoSuchKey", Key="k")


@pytest.mark.parametrize("algorithm, kind", [
    ("CRC64NVME", "FULL_OBJECT"), ("CRC32", "FULL_OBJECT"), ("CRC32", "COMPOSITE"), ("SHA256", "COMPOSITE")])
def test_multipart_uploads(s3, algorithm, kind):
    data = content(13 * MIB)
    where = {"Bucket": BUCKET, "Key": "k"}
    upload = s3.create_multipart_upload(**where, ChecksumAlgorithm=algorithm, ChecksumType=kind)["UploadId"]
    parts = []
    for number, start in enumerate(range(0, len(data), 5 * MIB), 1):
        part = s3.upload_part(
            **where, UploadId=upload, PartNumber=number, Body=data[start:start + 5 * MIB], ChecksumAlgorithm=algorithm)
        name = f"Checksum{algorithm}"
        parts.append({"PartNumber": number, "ETag": part["ETag"], name: part[name]})
    assert len(s3.list_parts(**where, UploadId=upload)["Parts"]) == 3
    assert len(s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]) == 1
    broken = parts[:1] + [parts[1] | {"ETag": '"none"'}] + parts[2:]
    refused(s3.complete_multipart_upload, 400, "InvalidPart", Key="k", UploadId=upload, MultipartUpload={"Parts": broken})
    whole = {}
    if (algorithm, kind) == ("CRC64NVME", "FULL_OBJECT"):
        refused(s3.complete_multipart_upload, 400, "BadDigest", Key="k", UploadId=upload,
                MultipartUpload={"Parts": parts}, ChecksumCRC64NVME="AAAAAAAAAAA=")
        whole = {"ChecksumCRC64NVME": encoded(checksums.crc64nvme(data), 8), "ChecksumType": kind}
    done = s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts}, **whole)
    hashes = b"".join(hashlib.md5(data[start:start + 5 * MIB]).digest() for start in range(0, len(data), 5 * MIB))
    assert done["ETag"] == f'"{hashlib.md5(hashes).hexdigest()}-3"'
    found = s3.get_object(**where, ChecksumMode="ENABLED")
    assert found["Body"].read() == data
    assert found["ChecksumType"] == kind
    if kind == "FULL_OBJECT":
        whole = encoded(checksums.crc64nvme(data), 8) if algorithm == "CRC64NVME" else encoded(checksums.crc32(data), 4)
        assert found[f"Checksum{algorithm}"] == whole
    middle = s3.get_object(**where, Range=f"bytes={5 * MIB - 3}-{10 * MIB + 2}")["Body"].read()
    assert middle == data[5 * MIB - 3:10 * MIB + 3]
    upload = s3.create_multipart_upload(**where)["UploadId"]
    s3.abort_multipart_upload(**where, UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


@pytest.mark.parametrize("is_chunked_twice", [False, True])
@pytest.mark.parametrize("is_right", [True, False])
def test_chunked_bodies_with_trailing_checksums(s3, server, is_chunked_twice, is_right):
    checksum = encoded(checksums.crc32(HELLO), 4) if is_right else "AAAAAA=="
    body = (b"5;chunk-signature=aa\r\nhello\r\n6;chunk-signature=bb\r\n world\r\n0;chunk-signature=cc\r\n"
            b"x-amz-checksum-crc32:" + checksum.encode() + b"\r\nx-amz-trailer-signature:dd\r\n\r\n")
    headers = {
        "Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(len(HELLO)),
        "x-amz-trailer": "x-amz-checksum-crc32", "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    if is_chunked_twice:
        headers["Transfer-Encoding"] = "chunked"
        connection.request("PUT", f"/{BUCKET}/k", iter([body[:9], body[9:]]), headers, encode_chunked=True)
    else:
        connection.request("PUT", f"/{BUCKET}/k", body, headers)
    answer = connection.getresponse()
    assert (answer.status, b"BadDigest" in answer.read()) == ((200, False) if is_right else (400, True))
    connection.close()
    if is_right:
        found = s3.get_object(Bucket=BUCKET, Key="k")
        assert found["Body"].read() == HELLO
        assert "ContentEncoding" not in found


def test_who_is_calling(server):
    sts = boto3.client(
        "sts", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    assert sts.get_caller_identity()["Account"] == "000000000000"


def test_copies_and_buckets(s3):
    s3.put_object(Bucket=BUCKET, Key="a+b c", Body=b"x", Metadata={"m": "1"})
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "a+b c"})
    assert s3.head_object(Bucket=BUCKET, Key="copy")["Metadata"] == {"m": "1"}
    s3.create_bucket(Bucket="other")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["other", BUCKET]
    s3.head_bucket(Bucket="other")
    s3.delete_bucket(Bucket="other")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.list_objects_v2(Bucket="other")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket=BUCKET)


def test_many_clients_at_once(server):
    # boto3's default session makes clients for one thread at a time.
    clients = [client(server) for _ in range(4)]

    def work(number):
        own = clients[number]
        for index in range(25):
            own.put_object(Bucket=BUCKET, Key=f"{number}/{index}", Body=content(3000, number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.keys()) == 100
    assert all(server.get(key) == content(3000, int(key.split("/")[0])) for key in server.keys())


def test_faults_come_at_their_odds_and_as_they_are_named(make_server, tmp_path):
    log = tmp_path / "log"
    server = make_server("--faults", "7", "--odds", "0.1", "--log", log)
    s3 = client(server)
    data = content(5000)
    kept = 0
    for number in range(400):
        try:
            s3.put_object(Bucket=BUCKET, Key=f"k{number}", Body=data)
        except Exception:
            pass
        try:
            kept += s3.get_object(Bucket=BUCKET, Key=f"k{number}")["Body"].read() == data
        except Exception:
            pass
    assert 50 < kept < 390
    # A flipped upload is refused, its checksum being sent along: nothing altered is ever stored.
    assert all(server.get(key) == data for key in server.keys())
    met = server.statistics()["faults"]
    for kind in ("slow-down", "reset-in-request", "reset-in-response", "truncated", "flipped-response", "flipped-request"):
        assert 10 <= met[kind] <= 160, met
    lines = log.read_text().splitlines()
    assert sum(line.endswith(" slow-down") for line in lines) == met["slow-down"]
    assert all(re.fullmatch(r"\d+ [A-Z]+ \S+ \d+ \d+ \S+", line) for line in lines)


def test_clients_that_go_in_the_middle_of_a_large_body(server):
    server.put("large", content(8 * MIB))
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        connection.request("GET", f"/{BUCKET}/large")
        connection.getresponse().read(1000)
        connection.close()
    assert len(server.get("large")) == 8 * MIB


def test_latency(make_server):
    import time

    server = make_server("--latency", "200")
    start = time.monotonic()
    server.put("k", b"x")
    assert 0.2 <= time.monotonic() - start < 60
