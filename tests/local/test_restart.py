"""A process that is started again when it ends by itself, until it has ended too often."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
import time
from queue import SimpleQueue
from typing import Any

import pytest

from portal.local import restart
from portal.local.restart import Restarted

FAILS = f"exec {sys.executable} -c 'print(\"hello\"); raise SystemExit(3)'"
LASTS = f"exec {sys.executable} -c 'import time; print(\"hello\", flush=True); time.sleep(60)'"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "WAITS", (0.01, 0.02))


def messages(events: SimpleQueue[Any]) -> list[tuple[str, Any]]:
    found = []
    while not events.empty():
        message = events.get()
        found.append((message.type, message.data.decode() if message.type == "line" else message.data))
    return found


def test_one_that_ends_again_and_again_is_given_up_with_a_sentence() -> None:
    events: SimpleQueue[Any] = SimpleQueue()

    Restarted(FAILS, ending=multiprocessing.Event(), name="worker").run(events)

    said = messages(events)
    assert [kind for kind, _ in said].count("start") == 3
    assert said[-2:] == [
        ("line", "worker ended by itself 3 times in a row (exit code 3); given up.\n"),
        ("stop", {"returncode": 3}),
    ]


def test_the_run_can_end_after_one_was_given_up() -> None:
    fork = multiprocessing.get_context("fork")  # as honcho does
    ending, events = fork.Event(), fork.Queue()
    given_up = fork.Process(target=Restarted(FAILS, ending=ending, name="worker").run, args=(events,))
    given_up.start()
    given_up.join(60)

    asking = threading.Thread(target=ending.set, daemon=True)
    asking.start()
    asking.join(60)

    assert given_up.exitcode == 0
    assert not asking.is_alive(), "who ends the run waits for the process that is gone"


def test_one_that_ran_for_long_begins_to_count_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "STEADY", 0.0)
    events: SimpleQueue[Any] = SimpleQueue()
    ending = multiprocessing.Event()
    threading.Timer(2, ending.set).start()

    Restarted(FAILS, ending=ending, name="worker").run(events)

    said = messages(events)
    assert [kind for kind, _ in said].count("start") > 3
    assert not any("given up" in str(text) for _, text in said)


def test_one_that_is_asked_to_end_is_not_started_again() -> None:
    events: SimpleQueue[Any] = SimpleQueue()
    ending = multiprocessing.Event()
    threading.Timer(0.5, ending.set).start()
    began = time.monotonic()

    Restarted(LASTS, ending=ending, name="worker").run(events)

    assert [kind for kind, _ in messages(events) if kind != "line"] == ["start", "stop"]
    assert time.monotonic() - began < 10


def test_one_that_waits_for_its_next_start_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "WAITS", (60.0,))
    events: SimpleQueue[Any] = SimpleQueue()
    ending = multiprocessing.Event()
    threading.Timer(1, ending.set).start()

    Restarted(FAILS, ending=ending, name="worker").run(events)

    assert [kind for kind, _ in messages(events)].count("start") == 1


def test_nothing_is_started_again_for_an_owner_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "WAITS", (60.0,))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    events: SimpleQueue[Any] = SimpleQueue()
    process = Restarted(FAILS, ending=multiprocessing.Event(), name="worker")
    process.owner = gone.pid

    process.run(events)

    assert [kind for kind, _ in messages(events) if kind != "line"] == ["start", "stop"]
