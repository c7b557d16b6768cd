"""Who works on a state: this process, for those who find the state in use."""

import os
import socket
import subprocess
from pathlib import Path

from runner.engine.machine.daytime import now_text
from runner.engine.state.lock import Holder


def holder_of(command: str, folder: Path) -> Holder:
    """This process, working with a command on a manifest in a folder."""
    return Holder(socket.gethostname(), os.getpid(), command, now_text(), git_commit(folder))


def git_commit(folder: Path) -> str:
    """The commit that a folder's checkout stands at; empty when it is none."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
