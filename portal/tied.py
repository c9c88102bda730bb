"""Runs a command that must not outlive its owner: `python tied.py OWNER_PID SIGNAL USER:GROUP command …`.

The owner may die of SIGKILL and say goodbye to nobody; this watches it from beside the command. Standard library only,
and started by its path, so that it costs a laptop no more than a bare interpreter.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

POLL = 0.25  # seconds
PATIENCE = 10  # seconds from the polite signal to SIGKILL


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(child: subprocess.Popen[bytes], *, politely: int) -> int:
    """Ask the command to stop, then make it. Gives its exit code."""
    child.send_signal(politely)
    try:
        return child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def run(*, owner: int, politely: int, user: int, group: int, command: list[str]) -> int:
    """Run `command` until it ends, its owner is gone, or a SIGTERM or SIGINT comes for us. Gives its exit code."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: told.append(number))
    switch = {"user": user, "group": group, "extra_groups": []} if user != os.geteuid() else {}
    child = subprocess.Popen(command, start_new_session=True, **switch)  # type: ignore[call-overload]
    while child.poll() is None:
        if told or not is_alive(owner):
            return end(child, politely=politely)
        time.sleep(POLL)
    return child.returncode


if __name__ == "__main__":
    user, _, group = sys.argv[3].partition(":")
    stop = signal.Signals[sys.argv[2]]
    code = run(owner=int(sys.argv[1]), politely=stop, user=int(user), group=int(group), command=sys.argv[4:])
    sys.exit(code if code >= 0 else 128 - code)
