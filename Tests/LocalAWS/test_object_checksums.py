"""Checksums of objects put together from parts (bin/lib/local_aws/overlay/object_checksums.py)."""

import base64
import random
import uuid

import pytest
from awscrt import checksums
from botocore.exceptions import ClientError
from conftest import client

MIB = 1 << 20


def crc64nvme(data: bytes) -> str:
    return base64.b64encode(checksums.crc64nvme(data).to_bytes(8, "big")).decode()


@pytest.fixture(scope="module")
def s3():
    return client("s3")


@pytest.fixture
def bucket(s3):
    name = f"lab-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    s3.delete_object(Bucket=name, Key="k")
    for begun in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=begun["Key"], UploadId=begun["UploadId"])
    s3.delete_bucket(Bucket=name)


def upload(s3, bucket, pieces, algorithm="CRC64NVME"):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)["UploadId"]
    parts = []
    for number, piece in enumerate(pieces, 1):
        part = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=begun, PartNumber=number, Body=piece, ChecksumAlgorithm=algorithm)
        sum_name = f"Checksum{algorithm}"
        parts.append({"PartNumber": number, "ETag": part["ETag"], sum_name: part[sum_name]})
    return {"Bucket": bucket, "Key": "k", "UploadId": begun, "MultipartUpload": {"Parts": parts}}


def test_the_whole_has_a_checksum_of_its_own(s3, bucket):
    pieces = [random.Random(n).randbytes(size) for n, size in enumerate([5 * MIB, 5 * MIB, 7])]
    whole = crc64nvme(b"".join(pieces))
    done = s3.complete_multipart_upload(**upload(s3, bucket, pieces), ChecksumCRC64NVME=whole)
    assert (done["ChecksumCRC64NVME"], done["ChecksumType"]) == (whole, "FULL_OBJECT")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC64NVME"], head["ChecksumType"]) == (whole, "FULL_OBJECT")


def test_another_checksum_is_refused(s3, bucket):
    request = upload(s3, bucket, [b"few bytes"])
    with pytest.raises(ClientError) as refused:
        s3.complete_multipart_upload(**request, ChecksumCRC64NVME=crc64nvme(b"other bytes"))
    assert refused.value.response["Error"]["Code"] == "BadDigest"


def test_hashes_stay_composite(s3, bucket):
    done = s3.complete_multipart_upload(**upload(s3, bucket, [b"few bytes"], "SHA256"))
    assert done["ChecksumSHA256"].endswith("-1")
