"""Start-up time beside curl, size of the stripped binary, peak memory of cf-status; exits 1 when a bar is missed."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 41
BARS = {"ratio": 1.3, "megabytes": 25.0, "memory": 40.0}


def seconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def peak_megabytes(command):
    pid = os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)}: status {status}")
    return usage.ru_maxrss / 1024


def main():
    binary = sys.argv[1]
    own, peer = [binary, "--version"], ["curl", "--version"]
    for command in (own, peer):
        seconds(command)
    times = {"own": [], "peer": []}
    for _ in range(RUNS):
        times["own"].append(seconds(own))
        times["peer"].append(seconds(peer))
    medians = {name: statistics.median(values) * 1000 for name, values in times.items()}
    ratio = medians["own"] / medians["peer"]
    with tempfile.TemporaryDirectory() as folder:
        stripped = os.path.join(folder, "fgctl")
        subprocess.run(["strip", "-o", stripped, binary], check=True)
        megabytes = os.path.getsize(stripped) / 1_000_000
    memory = max(peak_megabytes([binary, "cf-status"]) for _ in range(5))
    rows = [
        (f"fgctl --version {medians['own']:.1f} ms, curl --version {medians['peer']:.1f} ms", "ratio", ratio),
        ("stripped binary, MB", "megabytes", megabytes),
        ("peak memory of cf-status, MB", "memory", memory),
    ]
    for what, bar, value in rows:
        print(f"{what}: {value:.2f} (bar {BARS[bar]}) {'ok' if value <= BARS[bar] else 'MISSED'}")
    sys.exit(any(value > BARS[bar] for _, bar, value in rows))


main()
