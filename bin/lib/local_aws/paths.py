"""Where local AWS listens and keeps its files."""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STATE = ROOT / ".build" / "local-aws"

HOST = "127.0.0.1"
PORT = 4566
URL = f"http://{HOST}:{PORT}"
HEALTH_PATH = "/_ministack/health"

# The address that the ECS agent answers on in every task:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
CREDENTIALS_ADDRESS = "169.254.170.2"
CREDENTIALS_PORT = 80

# The emulator labels its containers "ministack.instance=<this>:<port>", and `down` removes those of its checkout only.
INSTANCE = f"fgctl-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]}"
INSTANCE_LABEL = f"ministack.instance={INSTANCE}:{PORT}"


def prepare_state() -> None:
    """Makes the state folder, owned by the user behind sudo when there is one."""
    STATE.mkdir(parents=True, exist_ok=True)
    give_to_user(STATE)


def give_to_user(path: Path) -> None:
    """Hands a file made under sudo to the user who called it."""
    if os.geteuid() == 0 and "SUDO_UID" in os.environ:
        os.chown(path, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))
