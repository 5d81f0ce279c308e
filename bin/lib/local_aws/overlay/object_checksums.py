"""An object put together from parts has, by CRC-64/NVME, the checksum of the whole: FULL_OBJECT, never COMPOSITE.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html

The emulator makes a checksum of the parts' checksums for every algorithm, and so refuses the one that SDKs send along
when they complete an upload. The whole's is joined from the parts', without reading them again.
"""

import base64
import contextvars

from ministack.services import s3

from .patching import require, wrap

_ALGORITHM = "CRC64NVME"
# The polynomial without its highest term, reflected: the coefficient of the highest power is bit 0.
_POLYNOMIAL = 0x9A6C9329AC4BC9B5
_ONE = 1 << 63
_SIZES: contextvars.ContextVar[list[int]] = contextvars.ContextVar("sizes of the parts being put together", default=[])


def _times(a: int, b: int) -> int:
    product = 0
    while a:
        if a & _ONE:
            product ^= b
        a = (a << 1) & (2 * _ONE - 1)
        b = (b >> 1) ^ (_POLYNOMIAL if b & 1 else 0)
    return product


def join(left: int, right: int, size: int) -> int:
    """The check of two pieces after each other; `size` is the second's in bytes."""
    power = _ONE >> 8  # x^8, for one byte
    while size:
        if size & 1:
            left = _times(left, power)
        power = _times(power, power)
        size >>= 1
    return left ^ right


def _composite_checksum(original):
    def make(algorithm, part_checksums):
        sizes = _SIZES.get()
        if algorithm != _ALGORITHM or not all(part_checksums) or len(sizes) != len(part_checksums):
            return original(algorithm, part_checksums)
        whole = 0
        for text, size in zip(part_checksums, sizes):
            whole = join(whole, int.from_bytes(base64.b64decode(text), "big"), size)
        return base64.b64encode(whole.to_bytes(8, "big")).decode()

    return make


def _part_numbers(body: bytes) -> list[int]:
    pieces = body.decode(errors="replace").split("<PartNumber>")[1:]
    return sorted(int(number) for piece in pieces if (number := piece.split("<")[0].strip()).isdigit())


def _complete_multipart_upload(original):
    def complete(bucket_name, key, body, query_params, headers=None):
        upload = query_params.get("uploadId", "")
        upload_id = upload[0] if isinstance(upload, list) else upload
        upload = s3._multipart_uploads.get(upload_id)
        if upload is None or upload.get("checksum_algorithm") != _ALGORITHM:
            return original(bucket_name, key, body, query_params, headers)
        parts = upload["parts"]
        token = _SIZES.set([len(parts[number]["body"]) for number in _part_numbers(body) if number in parts])
        try:
            status, answer_headers, answer = original(bucket_name, key, body, query_params, headers)
        finally:
            _SIZES.reset(token)
        if status == 200:
            stored = s3._ensure_bucket(bucket_name)["objects"][key]
            if stored.get("checksum_type") == "COMPOSITE":
                stored["checksum_type"] = "FULL_OBJECT"
            answer = answer.replace(b"<ChecksumType>COMPOSITE", b"<ChecksumType>FULL_OBJECT")
            # What the emulator answers a repeated completion with.
            s3._completed_multipart_uploads[upload_id]["response"] = (status, answer_headers, answer)
        return status, answer_headers, answer

    return complete


def apply() -> None:
    require(s3, "_multipart_uploads", "_completed_multipart_uploads", "_ensure_bucket")
    wrap(s3, "_composite_checksum", "algorithm part_checksums", _composite_checksum)
    wrap(s3, "_complete_multipart_upload", "bucket_name key body query_params headers", _complete_multipart_upload)
