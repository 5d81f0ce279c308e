"""fgctl's config commands against `loopback-s3`: the server, trees to move, runs that are measured, and what must hold of a
release in S3 and on disk."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MIB = 1 << 20
BUCKET = "tests"
# Of any command, in KiB (design: numbers to hold).
MEMORY_LIMIT = 64 << 10
MEASURED = (sys.executable, "-I", "-S", str(Path(__file__).with_name("measured.py")))
UNUSUAL = [
    "plain", "a b", "a+b", "100%", "a%20b", "ü/é/日本", "x&y<z>", 'quo"te', "line\nbreak", "tab\tkey", "~-._!*'()",
    "=?#@:;,$", "-dash", ".hidden", "deep/er/and/deeper/file", "empty", "back\\slash", "e\u0301", "\u00e9", "end ",
]


class Server:
    """A `loopback-s3` of its own with one bucket; asked past its faults by the methods here."""

    def __init__(self, binary: str, *options: str) -> None:
        self.process = subprocess.Popen(
            [binary, "--bucket", BUCKET, *map(str, options)], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, f"loopback-s3 ended with {self.process.wait()}"
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        ended = self.process.poll()
        self.process.terminate()
        self.process.wait(120)
        self.process.stdout.close()
        assert ended is None, f"loopback-s3 ended by itself with {ended}"

    def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body, {"x-loopback-faults": "none"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def path(self, key: str) -> str:
        return f"/{BUCKET}/{urllib.parse.quote(key)}"

    def get(self, key: str) -> bytes | None:
        status, body = self.request("GET", self.path(key))
        assert status in (200, 404), (key, status)
        return body if status == 200 else None

    def put(self, key: str, body: bytes) -> None:
        assert self.request("PUT", self.path(key), body)[0] == 200

    def delete(self, key: str) -> None:
        assert self.request("DELETE", self.path(key))[0] == 204

    def keys(self, prefix: str = "") -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            query = f"list-type=2&encoding-type=url&prefix={urllib.parse.quote(prefix, safe='')}{token}"
            status, body = self.request("GET", f"/{BUCKET}?{query}")
            assert status == 200
            text = body.decode()
            found += [urllib.parse.unquote_plus(key) for key in re.findall("<Key>(.*?)</Key>", text)]
            following = re.search("<NextContinuationToken>(.*?)<", text)
            if not following:
                return found
            token = f"&continuation-token={following[1]}"

    def tree(self, prefix: str) -> dict[str, bytes]:
        """What lies under a prefix, by the rest of the keys."""
        return {key.removeprefix(prefix): self.get(key) for key in self.keys(prefix)}

    def statistics(self) -> dict[str, dict[str, int]]:
        return json.loads(self.request("GET", "/?loopback-statistics")[1])


@dataclass
class Run:
    """A command that has ended."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float
    # Of the process, in KiB, where it was measured.
    peak: int = 0

    def expect(self, *codes: int) -> Run:
        assert self.code in codes, f"{self}\n{self.out}\n{self.err}"
        return self

    def __str__(self) -> str:
        return f"fgctl {' '.join(self.words)}: exit {self.code} after {self.seconds:.1f} s"


@dataclass
class Fgctl:
    """fgctl with a server and a folder of its own; nothing of the user's."""

    binary: str
    server: Server
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.server.url,
            "NO_COLOR": "1",
        } | self.settings

    def start(self, *words: str, name: str = "run", before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Its output goes to NAME.out and NAME.err in the folder."""
        with open(self.folder / f"{name}.out", "wb") as out, open(self.folder / f"{name}.err", "wb") as err:
            return subprocess.Popen(
                [*before, self.binary, *map(str, words)], cwd=self.folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)

    def finish(self, process: subprocess.Popen[bytes], started: float, name: str = "run", timeout: float = 900) -> Run:
        """Waits for the end, which comes by SIGKILL when it takes too long."""
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        out, err = ((self.folder / f"{name}.{end}").read_text(errors="replace") for end in ("out", "err"))
        words = tuple(map(str, process.args[process.args.index(self.binary) + 1:]))
        return Run(words, code, out, err, time.monotonic() - started)

    def __call__(self, *words: str, name: str = "run") -> Run:
        started = time.monotonic()
        return self.finish(self.start(*words, name=name), started, name)

    def measured(self, *words: str) -> Run:
        """The same, held to the bound on memory."""
        started = time.monotonic()
        result = self.folder / "measured.json"
        result.unlink(missing_ok=True)
        run = self.finish(self.start(*words, before=(*MEASURED, str(result))), started)
        measured = json.loads(result.read_text())
        run.code, run.peak = measured["code"], measured["peak"]
        assert run.peak <= MEMORY_LIMIT, f"{run}: peak of {run.peak >> 10} MiB"
        return run


# Trees


def write_tree(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def read_tree(folder: Path) -> dict[str, bytes]:
    """The files below a folder, followed through no link."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


def random_tree(seed: int, count: int, large: int = 0) -> dict[str, bytes]:
    """Files of many sizes, empty ones and unusual names among them.

    - large: bytes of one more file, if any.
    """
    source = random.Random(seed)
    files = {name: b"" if name == "empty" else source.randbytes(source.randrange(1, 300)) for name in UNUSUAL}
    for number in range(max(0, count - len(files))):
        files[f"folder {number % 7}/file-{number}"] = source.randbytes(source.choice([0, 1, 700, 4096, 70_000]))
    if large:
        files["large.bin"] = source.randbytes(large)
    return files


# Releases

RELEASE_NAME = re.compile("[0-9a-f]{64}")


def assert_pointer_names_whole_release(server: Server, base: str) -> str | None:
    """Whatever happened: `current.json` names a release whose manifest is there and whose files all have what it says.

    - Returns: the release, `None` when there was never one.
    """
    pointer = server.get(f"{base}current.json")
    if pointer is None:
        return None
    release = json.loads(pointer)["release"]
    assert RELEASE_NAME.fullmatch(release), pointer
    manifest = server.get(f"{base}releases/{release}/manifest.json")
    assert manifest is not None, f"the pointer names {release}, which has no manifest"
    description = json.loads(manifest)
    assert description["hash"] == release
    for file in description["files"]:
        if file.get("link") is not None:
            continue
        content = server.get(f"{base}releases/{release}/files/{file['path']}")
        assert content is not None, f"{file['path']} of {release} is missing"
        assert len(content) == file["size"], file
        if "sha256" in file:
            assert hashlib.sha256(content).hexdigest() == file["sha256"], file
    return release


def assert_folder_is_one_release(folder: Path, versions: dict[str, dict[str, bytes]]) -> str | None:
    """`current` is a link to one whole release of those that were pushed, or not there.

    - versions: the trees by a name of the test's own.
    - Returns: the name of the tree that is there.
    """
    current = folder / "current"
    if not os.path.lexists(current):
        return None
    assert current.is_symlink()
    found = read_tree(current)
    for name, tree in versions.items():
        if found == tree:
            return name
    raise AssertionError(f"{folder}: not one of the releases: {sorted(found)}")


def leftovers(folder: Path) -> list[str]:
    """What an interrupted pull has left: everything but releases, their manifests and the lock."""
    names = [path.name for path in folder.iterdir() if path.name not in ("current", ".releases")]
    for path in (folder / ".releases").iterdir():
        if path.name != ".lock" and not re.fullmatch(r"\.?[0-9a-f]{64}(\.json)?", path.name):
            names.append(path.name)
    return names
