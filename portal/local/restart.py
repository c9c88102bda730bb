"""A process of `manage.py run` that is started again when it ends by itself, with growing waits between the starts.

A broker that goes away can end a worker's main process (Celery fails on messages it can no longer acknowledge). The
work itself is safe, as each row has a lease; the process must only be started again. In production systemd or Docker does
that, here it is this class.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from multiprocessing.synchronize import Event
from typing import Any

from honcho.process import Process

from portal.local.keeper import is_alive

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each new start. A process that ends once more after the last one is given up."""
POLL = 0.2
"""Seconds between two looks whether the owner is there."""
STEADY = 60.0
"""Seconds a process must have run for its earlier ends to be forgotten."""


class Restarted(Process):
    """honcho's process. Reports "stop", which ends the whole run, only when it was asked to end or is given up.

    `ending` is set when the whole run ends; honcho itself may not know the id of a process that has just been started.
    It is not set when the owner of the run, which makes this object, is killed: then nothing is started any more.
    """

    def __init__(self, cmd: str, *, ending: Event, **options: Any) -> None:
        super().__init__(cmd, **options)
        self.ending = ending
        self.owner = os.getpid()

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """In a process of its own, which honcho forks."""
        self._events = events
        threading.Thread(target=self._end_child, daemon=True).start()
        if ignore_signals:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, _do_nothing)
        ends = 0
        while True:
            started = time.monotonic()
            code = self._run_once()
            ends = 1 if time.monotonic() - started > STEADY else ends + 1
            if not self._goes_on(code, ends):
                self._send_message({"returncode": code}, type="stop")
                return

    def _run_once(self) -> int:
        """Start the command and pass its lines on until it ends. Gives its exit code."""
        self._child = self._child_ctor(self.cmd, env=self.env, cwd=self.cwd)
        self._send_message({"pid": self._child.pid}, type="start")
        if self.ending.is_set():
            self._terminate()
        for line in iter(self._child.stdout.readline, b""):
            self._send_message(line)
        self._child.stdout.close()
        return int(self._child.wait())

    def _goes_on(self, code: int, ends: int) -> bool:
        """Whether to start it again, after the wait. Says what happens."""
        if self._is_over(0):
            return False
        if ends > len(WAITS):
            self._say(f"{self.name} ended by itself {ends} times in a row (exit code {code}); given up.")
            return False
        wait = WAITS[ends - 1]
        self._say(f"{self.name} ended by itself (exit code {code}); it is started again in {wait:.0f} s.")
        return not self._is_over(wait)

    def _is_over(self, seconds: float) -> bool:
        """Whether the run ends within so many seconds, or its owner is gone."""
        until = time.monotonic() + seconds
        while is_alive(self.owner):
            left = until - time.monotonic()
            if self.ending.wait(max(0.0, min(left, POLL))):
                return True
            if left <= 0:
                return False
        return True

    def _say(self, text: str) -> None:
        self._send_message(f"{text}\n".encode())

    def _end_child(self) -> None:
        """It looks and does not wait: whoever sets an event waits for all that wait for it, also for one whose process has ended."""
        while not self.ending.is_set():
            time.sleep(POLL)
        self._terminate()

    def _terminate(self) -> None:
        if self._child is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGTERM)


def _do_nothing(_number: int, _frame: object) -> None:
    """Unlike SIG_IGN this is not inherited by the commands, so that a signal reaches one that has only just started."""
