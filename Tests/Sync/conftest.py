"""`FGCTL_BIN` names the binary to test, `FGCTL_LOOPBACK_S3` the server; left out, debug builds are brought up to date."""

from __future__ import annotations

import os
import subprocess

import pytest
from sync_harness import ROOT, Fgctl, Server


def built(variable: str, product: str) -> str:
    given = os.environ.get(variable)
    if given:
        return given
    build = ["swift", "build", "--product", product]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=3600)
    folder = subprocess.run(
        [*build, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=600)
    return f"{folder.stdout.strip()}/{product}"


@pytest.fixture(scope="session")
def server_binary():
    return built("FGCTL_LOOPBACK_S3", "loopback-s3")


@pytest.fixture(scope="session")
def fgctl_binary():
    return built("FGCTL_BIN", "fgctl")


@pytest.fixture(scope="session")
def is_soak():
    return bool(os.environ.get("FGCTL_SOAK"))


@pytest.fixture
def make_server(server_binary):
    """Starts servers, with the options given; all end with the test."""
    started = []

    def make(*options):
        started.append(Server(server_binary, *options))
        return started[-1]

    yield make
    for server in started:
        server.stop()


@pytest.fixture
def server(make_server):
    return make_server()


@pytest.fixture
def make_fgctl(fgctl_binary, tmp_path):
    def make(server, **settings):
        return Fgctl(fgctl_binary, server, tmp_path, settings)

    return make


@pytest.fixture
def fgctl(make_fgctl, server):
    return make_fgctl(server)
