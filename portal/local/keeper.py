"""Runs a command that must not outlive its owner: `python tied.py OWNER SIGNAL SECONDS USER:GROUP command …`.

OWNER is a process id. SIGNAL is sent to stop the command; after SECONDS its process group is killed.
The owner may be killed without notice, so its pid is polled; and so may this process, so the kernel (Linux) is asked to
send the command the signal then. Standard library only, and started by its path, to start
fast.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

POLL = 0.1  # seconds
PR_SET_PDEATHSIG = 1  # of prctl(2): the signal for a process whose parent ends


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(child: subprocess.Popen[bytes], *, politely: int, patience: float) -> int:
    """Send the stop signal, then kill after `patience` seconds. Returns the exit code."""
    child.send_signal(politely)
    try:
        return child.wait(patience)
    except subprocess.TimeoutExpired:
        end_group(child)
        return child.wait()


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Kill the process group of the command."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _signal_at_our_end(number: int) -> Callable[[], None] | None:
    """For the child to call before the command begins. None where the kernel knows no such thing."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, number)


def run(command: list[str], *, owner: int, politely: int, patience: float, user: int, group: int) -> int:
    """Run `command` until it ends, its owner is gone, or this process gets a signal. Returns the exit code."""
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: signals.append(number))
    switch = {"user": user, "group": group, "extra_groups": []} if user != os.geteuid() else {}
    dies_with_us = _signal_at_our_end(politely)
    child = subprocess.Popen(command, start_new_session=True, preexec_fn=dies_with_us, **switch)  # type: ignore[call-overload]  # noqa: PLW1509 - no threads here
    try:
        while child.poll() is None:
            if signals or not is_alive(owner):
                return end(child, politely=politely, patience=patience)
            time.sleep(POLL)
        return int(child.returncode)
    finally:
        end_group(child)


def main(owner: str, stop: str, patience: str, who: str, *command: str) -> int:
    user, _, group = who.partition(":")
    code = run(
        list(command),
        owner=int(owner),
        politely=signal.Signals[stop],
        patience=float(patience),
        user=int(user),
        group=int(group),
    )
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
