"""Child processes: start them so that they die with their parent, and stop them kindly."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """In the child: ask Linux for SIGTERM when the parent is gone, a killed supervisor included."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def spawn(command: Sequence[str], *, env: Mapping[str, str] | None = None, **options) -> subprocess.Popen:
    """Start a child in its own session that ends when this process ends."""
    return subprocess.Popen(
        list(command),
        env=dict(env) if env is not None else None,
        start_new_session=True,
        preexec_fn=die_with_parent,
        **options,
    )


def stop(process: subprocess.Popen, how: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
    """Send `how`, wait, and kill the whole group when it does not go."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def is_running(pid: int) -> bool:
    """Whether a process lives; a zombie that nobody has reaped does not count."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as handle:
            return handle.read().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False
