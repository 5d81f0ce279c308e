"""Digests of a body that streams by: the payload hash and the checksums that the request's own headers name."""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib
from collections.abc import Callable

from .faults import Faults
from .http1 import Head

# Bodies above this are hashed only by what the standard library does in C.
SLOW_LIMIT = 4 * 1024 * 1024


@functools.cache
def _table(polynomial: int) -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ polynomial if byte & 1 else byte >> 1
        table.append(byte)
    return table


def reflected_crc(data: bytes, polynomial: int, bits: int) -> int:
    table, ones = _table(polynomial), (1 << bits) - 1
    crc = ones
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ ones


# CRC-32C (Castagnoli) and CRC-64/NVME, reflected polynomials.
SLOW: dict[str, Callable[[bytes], bytes]] = {
    "crc32c": lambda data: reflected_crc(data, 0x82F63B78, 32).to_bytes(4, "big"),
    "crc64nvme": lambda data: reflected_crc(data, 0x9A6C9329AC4BC9B5, 64).to_bytes(8, "big"),
}


class _CRC32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class Checksums:
    """Takes the content piece by piece, holds no more than `SLOW_LIMIT` of it."""

    def __init__(self, wanted: set[str]) -> None:
        makers = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
        makers["crc32"] = _CRC32
        self._running = {name: makers[name]() for name in wanted if name in makers}
        self._slow = {name for name in wanted if name in SLOW}
        self._held = bytearray()
        self.size = 0

    def update(self, data: bytes) -> None:
        self.size += len(data)
        for running in self._running.values():
            running.update(data)
        if self._slow and self.size <= SLOW_LIMIT:
            self._held += data

    def base64(self, name: str) -> str | None:
        """Nil when the algorithm is unknown here, or the body too large for it."""
        if name in self._running:
            return base64.b64encode(self._running[name].digest()).decode()
        if name in self._slow and self.size <= SLOW_LIMIT:
            return base64.b64encode(SLOW[name](bytes(self._held))).decode()
        return None


class AWSChunked:
    """Decodes `Content-Encoding: aws-chunked`: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html."""

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._left: int | None = None
        self._in_trailer = False
        self.trailers: dict[str, str] = {}
        self.complete = False
        self.problem: str | None = None

    def update(self, data: bytes) -> None:
        if self.problem:
            return
        self._buffer += data
        while self._buffer and not self.problem and not self.complete:
            if self._left:
                piece = bytes(self._buffer[: self._left])
                del self._buffer[: len(piece)]
                self._left -= len(piece)
                self._sink(piece)
                continue
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > 16384:
                    self.problem = "a chunk header has no end"
                return
            line = self._buffer[:end].decode("latin-1")
            del self._buffer[: end + 2]
            if self._in_trailer:
                if not line:
                    self.complete = True
                name, _, value = line.partition(":")
                if line:
                    self.trailers[name.strip().lower()] = value.strip()
            elif self._left == 0:
                self._left = None
                if line:
                    self.problem = "a chunk is longer than its header says"
            else:
                try:
                    self._left = int(line.split(";")[0], 16)
                except ValueError:
                    self.problem = f"chunk header {line[:40]!r}"
                    return
                if self._left == 0:
                    self._in_trailer = True


class BodyObserver:
    """Hashes a request's body while it streams through, and compares with what its headers claim."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.claimed = {n[len("x-amz-checksum-"):]: v for n, v in self._lower() if n.startswith("x-amz-checksum-")}
        self.claimed.pop("algorithm", None)
        self.claimed.pop("type", None)
        self.claimed.pop("mode", None)
        # CompleteMultipartUpload names the checksum of the object, not of its own body.
        if head.method == "POST" and "uploadId=" in head.target:
            self.claimed = {}
        trailer = (head.get("x-amz-trailer") or "").lower()
        wanted = set(self.claimed) | {trailer.removeprefix("x-amz-checksum-")}
        if head.get("content-md5") is not None:
            wanted.add("md5")
        self._raw = Checksums({"sha256"})
        self._content = Checksums(wanted)
        coding = ",".join(head.all("content-encoding")).lower()
        streaming = (head.get("x-amz-content-sha256") or "").startswith("STREAMING-")
        self.chunks = AWSChunked(self._content.update) if "aws-chunked" in coding or streaming else None

    def _lower(self) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in self.head.headers]

    def update(self, data: bytes) -> None:
        self._raw.update(data)
        (self.chunks or self._content).update(data)

    @property
    def sha256(self) -> str:
        return base64.b64decode(self._raw.base64("sha256") or "").hex()

    @property
    def size(self) -> int:
        return self._raw.size

    def check(self, faults: Faults) -> None:
        claimed = {f"x-amz-checksum-{name}": (name, value) for name, value in self.claimed.items()}
        if (md5 := self.head.get("content-md5")) is not None:
            claimed["content-md5"] = ("md5", md5)
        if self.chunks:
            self._check_chunks(faults, claimed)
        for header, (name, value) in claimed.items():
            actual = self._content.base64(name)
            if actual is not None and actual != value:
                faults.note("wrong-checksum", f"{header} is {value}, the body has {actual}")

    def _check_chunks(self, faults: Faults, claimed: dict[str, tuple[str, str]]) -> None:
        chunks = self.chunks
        assert chunks is not None
        if chunks.problem or not chunks.complete:
            faults.note("bad-framing", f"aws-chunked body: {chunks.problem or 'ends before its last chunk'}")
        declared = self.head.get("x-amz-decoded-content-length")
        if declared is None or declared != str(self._content.size):
            size = self._content.size
            faults.note("bad-framing", f"x-amz-decoded-content-length is {declared}, the content has {size} bytes")
        announced = {name.strip().lower() for name in (self.head.get("x-amz-trailer") or "").split(",")} - {""}
        if announced != set(chunks.trailers) - {"x-amz-trailer-signature"}:
            faults.note("bad-framing", f"x-amz-trailer announces {sorted(announced)}, sent {sorted(chunks.trailers)}")
        for name, value in chunks.trailers.items():
            if name.startswith("x-amz-checksum-"):
                claimed[name] = (name.removeprefix("x-amz-checksum-"), value)
