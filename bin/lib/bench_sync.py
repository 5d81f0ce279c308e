"""Syncing a folder with S3: fgctl beside rclone, s5cmd and the AWS CLI, interleaved, at one server on loopback; exits 1
when a bar is missed.

    bench_sync.py SERVER FGCTL|- AWS [--quick] [--rounds N] [--only NAME,...] [--json FILE]
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from bench_sync_peers import Client, clients, environment

MIB = 1 << 20
FILES, FILE_SIZE, LARGE = 10_000, 4096, 1 << 30
TASKS = ["up", "up again", "down", "down again", "large up", "large down"]
# Times the best peer, in wall and in CPU time, for what peers do too: making one tree like the other.
BARS = {"up": 0.25, "up again": 1.0, "down": 0.4, "down again": 1.0, "large up": 1.0, "large down": 1.0}
PEAK_BAR = 64.0
# What it serves is not to wait for the server: above this share of its threads' time it would.
BUSY_BAR = 0.85
BUCKET = "bench"
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Figure:
    """One run: seconds, MiB, and the server's part in it."""

    wall: float
    cpu: float
    peak: float
    server: float


class Server:
    """`loopback-s3`; large bodies are checked by CRC-64 only, so that hashing them doesn't take the clients' processor."""

    THREADS = 2

    def __init__(self, binary: str) -> None:
        command = [binary, "--threads", str(self.THREADS), "--bucket", BUCKET, "--bucket", "load", "--hash-limit", str(MIB)]
        self.binary = binary
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def capacity(self) -> str:
        before = self.cpu()
        done = subprocess.run(
            [self.binary, "load", "--port", str(self.port)], check=True, capture_output=True, text=True, timeout=300)
        each = (self.cpu() - before) / 100_000 * 1e6
        return f"{', '.join(done.stdout.split(chr(10))[:2])} of 4 KiB, {each:.0f} µs of its CPU each"

    def empty(self, prefix: str) -> int:
        """Deletes what is under a prefix, and says how many objects that were."""
        connection, count = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60), 0
        while True:
            connection.request("GET", f"/{BUCKET}?list-type=2&prefix={prefix}")
            keys = connection.getresponse().read().decode().split("<Key>")[1:]
            if not keys:
                return count
            names = "".join(f"<Object><Key>{key.split('</Key>')[0]}</Key></Object>" for key in keys)
            connection.request(
                "POST", f"/{BUCKET}?delete", f"<Delete><Quiet>true</Quiet>{names}</Delete>",
                {"x-amz-trailer": "x-amz-checksum-crc64nvme"})
            answer = connection.getresponse()
            if answer.read() and answer.status != 200:
                sys.exit(f"bench: deleting gave {answer.status}")
            count += len(keys)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def make_trees(folder: pathlib.Path, files: int, large: int) -> tuple[pathlib.Path, pathlib.Path]:
    small_tree, large_tree, source = folder / "small", folder / "large", random.Random(1)
    for number in range(files):
        path = small_tree / f"part-{number // 100:03}" / f"file-{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.randbytes(FILE_SIZE))
    large_tree.mkdir()
    with open(large_tree / "large.bin", "wb") as file:
        for _ in range(large // MIB):
            file.write(source.randbytes(MIB))
    return small_tree, large_tree


def measure(command: list[str], surroundings: dict[str, str], server: Server, log: str) -> Figure:
    """Runs a client to its end; what it says is shown when it fails."""
    before = server.cpu()
    start = time.perf_counter()
    pid = os.posix_spawn(command[0], command, surroundings, file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        sys.exit(f"bench: {' '.join(command)}: status {status}\n{pathlib.Path(log).read_text()[-4000:]}")
    return Figure(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, server.cpu() - before)


def assert_same(client: Client, source: pathlib.Path, copy: pathlib.Path) -> None:
    """The copy is byte for byte its source; of a release, `current` is."""
    if (copy / "current").is_symlink():
        copy = copy / "current"
    names = [sorted(path.relative_to(tree) for path in tree.rglob("*") if path.is_file()) for tree in (source, copy)]
    if names[0] != names[1]:
        sys.exit(f"bench: {client.name}: {len(names[1])} files came down, not {len(names[0])}")
    for name in names[0]:
        if subprocess.run(["cmp", "-s", source / name, copy / name]).returncode if (source / name).stat().st_size > MIB \
                else (source / name).read_bytes() != (copy / name).read_bytes():
            sys.exit(f"bench: {client.name}: {name} came down differently")


def one_round(
    client: Client, trees: tuple[pathlib.Path, pathlib.Path], folder: pathlib.Path, server: Server
) -> dict[str, Figure]:
    surroundings = environment(server.url, str(folder)) | client.environment
    figures = {}
    for tree, prefix in zip(trees, ("", "large ")):
        name = f"{client.name.replace(' ', '-')}-{tree.name}"
        address, copy = f"s3://{BUCKET}/{name}/", folder / "copy"
        copy.mkdir()
        for task in [task for task in TASKS if task.startswith("large") == bool(prefix)]:
            direction = "up" if "up" in task else "down"
            command = client.command(direction, str(tree if direction == "up" else copy), address)
            figures[task] = measure(command, surroundings, server, str(folder / "output"))
        assert_same(client, tree, copy)
        shutil.rmtree(copy)
        expected = sum(1 for path in tree.rglob("*") if path.is_file())
        if server.empty(f"{name}/") < expected:
            sys.exit(f"bench: {client.name}: fewer objects than files on the server")
    return figures


def median(figures: list[Figure]) -> Figure:
    return Figure(
        statistics.median(figure.wall for figure in figures), statistics.median(figure.cpu for figure in figures),
        max(figure.peak for figure in figures), statistics.median(figure.server for figure in figures))


def report(found: list[Client], results: dict[str, dict[str, Figure]], judged: bool) -> bool:
    """Prints the table. Returns whether every bar holds."""
    holds = True
    row = "{:<11} {:<14} {:>8} {:>8} {:>9} {:>8} {:>8} {:>8}  {}"
    print(row.format("task", "client", "wall s", "CPU s", "peak MiB", "× wall", "× CPU", "server", ""))
    for task in TASKS:
        peers = [results[client.name][task] for client in found if client.is_peer]
        for client in found:
            figure = results[client.name][task]
            share = figure.server / (figure.wall * Server.THREADS)
            ratios, remarks = ["", ""], []
            if peers:
                numbers = [figure.wall / min(peer.wall for peer in peers), figure.cpu / min(peer.cpu for peer in peers)]
                ratios = [f"{number:.2f}" for number in numbers]
                if client.is_judged and max(numbers) > BARS[task]:
                    remarks.append(f"MISSED (bar {BARS[task]})")
            if not client.is_peer and figure.peak > PEAK_BAR:
                remarks.append(f"MEMORY (bar {PEAK_BAR:.0f})")
            if remarks:
                holds = False
            elif client.is_judged:
                remarks.append(f"ok (bar {BARS[task]})")
            if share > BUSY_BAR:
                remarks.append("the server may be the bottleneck")
            print(row.format(task, client.name, f"{figure.wall:.2f}", f"{figure.cpu:.2f}", f"{figure.peak:.0f}",
                             *ratios, f"{share:.0%}", ", ".join(remarks) if judged or share > BUSY_BAR else ""))
    return holds


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench sync", description=__doc__.split("\n\n")[0])
    parser.add_argument("server")
    parser.add_argument("fgctl", help="- to measure the peers alone")
    parser.add_argument("aws")
    parser.add_argument("--quick", action="store_true", help="one round of 2,000 files and 128 MiB; no bar is judged")
    parser.add_argument("--rounds", type=int, help="default 3")
    parser.add_argument("--only", help="names of clients, with commas: 'fgctl flat,s5cmd'")
    parser.add_argument("--json", help="a file for all figures of all rounds")
    given = parser.parse_args()
    files, large = (2000, 128 * MIB) if given.quick else (FILES, LARGE)
    rounds = given.rounds or (1 if given.quick else 3)
    # In memory where there is room: disks differ, and write on after a client has ended.
    room = shutil.disk_usage("/dev/shm").free if os.path.isdir("/dev/shm") else 0
    with tempfile.TemporaryDirectory(prefix="bench-sync-", dir="/dev/shm" if room > 6 * LARGE else None) as place:
        folder = pathlib.Path(place)
        # No project of the user's, whose env file would name another S3.
        given.server, given.aws = os.path.abspath(given.server), os.path.abspath(given.aws)
        given.fgctl = given.fgctl if given.fgctl == "-" else os.path.abspath(given.fgctl)
        given.json = given.json and os.path.abspath(given.json)
        os.chdir(folder)
        trees = make_trees(folder, files, large)
        server = Server(given.server)
        try:
            found = clients(None if given.fgctl == "-" else given.fgctl, given.aws, server.url)
            if given.only:
                found = [client for client in found if client.name in given.only.split(",")]
            print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {files} files of 4 KiB, one of "
                  f"{large // MIB} MiB, {rounds} rounds; median of time, most of memory")
            print("; ".join(dict.fromkeys(client.version for client in found)))
            print(f"server alone: {server.capacity()}")
            figures = {client.name: {task: [] for task in TASKS} for client in found}
            for number in range(rounds):
                turn = number % len(found)
                for client in found[turn:] + found[:turn]:
                    for task, figure in one_round(client, trees, folder, server).items():
                        figures[client.name][task].append(figure)
        finally:
            server.stop()
    if given.json:
        record = {name: {task: [vars(figure) for figure in runs] for task, runs in tasks.items()}
                  for name, tasks in figures.items()}
        pathlib.Path(given.json).write_text(json.dumps(record, indent=1))
    results = {name: {task: median(runs) for task, runs in tasks.items()} for name, tasks in figures.items()}
    holds = report(found, results, judged=not given.quick)
    if not all(client.is_judged or client.is_peer for client in found):
        print("A release is made of the SHA-256 of every file, which no peer asks for: its times are shown, not judged.")
    print(f"load at the end {os.getloadavg()[0]:.1f}; server: its share of {Server.THREADS} threads' time")
    sys.exit(not given.quick and not holds)


main()
