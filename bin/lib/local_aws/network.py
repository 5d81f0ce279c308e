"""The ways from containers to the emulator, which itself listens on loopback only.

A forwarder on the docker bridge's gateway carries the API (containers know it as host.docker.internal), another
on 169.254.170.2:80 carries the credentials of task roles, as the ECS agent does:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

import ipaddress
import json
import socket

from . import processes
from .paths import CREDENTIALS_ADDRESS, CREDENTIALS_PORT, HOST, PORT, STATE
from .processes import LocalAWSError, run

_ADDRESS_MARK = STATE / "address-added"
FORWARDERS = ("forward-api", "forward-credentials")


def bridge() -> tuple[str, str]:
    """Interface and gateway address of docker's default bridge."""
    answer = run(["docker", "network", "inspect", "bridge"])
    if answer.returncode != 0:
        raise LocalAWSError(f"docker has no default bridge network: {answer.stderr.strip()}")
    details = json.loads(answer.stdout)[0]
    interface = details.get("Options", {}).get("com.docker.network.bridge.name", "docker0")
    subnets = [ipaddress.ip_network(c["Subnet"]) for c in details["IPAM"]["Config"] or [] if c.get("Subnet")]
    # The configuration names no gateway when docker chose the subnet itself, so the interface is asked.
    for address in _addresses(interface):
        if any(ipaddress.ip_address(address) in subnet for subnet in subnets):
            return interface, address
    raise LocalAWSError(
        f"the docker engine's bridge {interface} ({', '.join(map(str, subnets)) or 'no subnet'}) is not on this machine:\n"
        "  the engine is remote, rootless or in a virtual machine. Use a dockerd that runs here as root.")


def _addresses(interface: str) -> set[str]:
    answer = run(["ip", "-json", "-4", "address", "show", "dev", interface])
    if answer.returncode != 0:
        return set()
    return {a["local"] for link in json.loads(answer.stdout) for a in link.get("addr_info", [])}


def forward() -> str:
    """Sets up address and forwarders where they are missing; the gateway's address."""
    interface, gateway = bridge()
    if CREDENTIALS_ADDRESS not in _addresses(interface):
        added = run(["ip", "address", "add", f"{CREDENTIALS_ADDRESS}/32", "dev", interface])
        if added.returncode != 0:
            raise LocalAWSError(f"adding {CREDENTIALS_ADDRESS} to {interface} failed: {added.stderr.strip()}")
        _ADDRESS_MARK.write_text(interface)
    _forwarder("forward-api", gateway, PORT)
    _forwarder("forward-credentials", CREDENTIALS_ADDRESS, CREDENTIALS_PORT)
    return gateway


def _forwarder(name: str, address: str, port: int) -> None:
    fingerprint = f"{address}:{port}"
    process = processes.find(name)
    if process is not None and process.fingerprint == fingerprint and _accepts(address, port):
        return
    processes.stop(name, grace=5)
    if _accepts(address, port):
        raise LocalAWSError(f"{address}:{port} is taken by {listener(address, port)}. End that, then try again.")
    process = processes.start(
        name,
        ["socat", f"TCP4-LISTEN:{port},bind={address},reuseaddr,fork,backlog=128", f"TCP4:{HOST}:{PORT}"],
        fingerprint)
    if not processes.wait_until(lambda: _accepts(address, port) or not process.alive, 60, 0.05) or not process.alive:
        raise LocalAWSError(f"forwarder on {address}:{port} did not start:\n{processes.tail(name)}")


def _accepts(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=30):
            return True
    except OSError:
        return False


def listener(address: str, port: int) -> str:
    """Who listens there, as ss tells it."""
    answer = run(["ss", "--listening", "--tcp", "--numeric", "--processes", "--no-header", f"sport = :{port}"])
    for line in answer.stdout.splitlines():
        if f"{address}:{port}" in line or f"0.0.0.0:{port}" in line or f"*:{port}" in line:
            return line.split("users:")[-1].strip() if "users:" in line else "a process of another user"
    return "another process"


def exposed(port: int) -> list[str]:
    """Listeners on that port that are open to every interface; there must be none."""
    answer = run(["ss", "--listening", "--tcp", "--numeric", "--no-header", f"sport = :{port}"])
    everywhere = (f"0.0.0.0:{port}", f"*:{port}", f"[::]:{port}")
    return [line.split()[3] for line in answer.stdout.splitlines() if line.split()[3] in everywhere]


def remove() -> bool:
    """Ends the forwarders and takes the address away when it was added here."""
    stopped = [processes.stop(name, grace=5) for name in FORWARDERS]
    if _ADDRESS_MARK.exists():
        interface = _ADDRESS_MARK.read_text()
        if CREDENTIALS_ADDRESS in _addresses(interface):
            run(["ip", "address", "delete", f"{CREDENTIALS_ADDRESS}/32", "dev", interface])
        _ADDRESS_MARK.unlink()
    return any(stopped)
