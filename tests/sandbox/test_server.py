"""The sandbox as a process: its data outlives it, and start-up errors are reported in a sentence."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-m", "portal.sandbox"]
ORGNR = "310629499"


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@contextmanager
def sandbox(state: Path) -> Iterator[httpx.Client]:
    """A running sandbox with its data in `state`. It is stopped at the end of the block."""
    port = free_port()
    process = subprocess.Popen([*COMMAND, "--port", str(port), "--state", str(state)], stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            until_it_answers(http)
            yield http
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0


def until_it_answers(http: httpx.Client) -> None:
    for _ in range(1200):
        try:
            http.get("/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the sandbox did not answer within a minute")


def refused(*arguments: str) -> str:
    """The error output of a sandbox that does not start."""
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_the_data_outlives_the_process_and_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.json"

    with sandbox(state) as http:
        made = http.post("/control/organisations", json={"orgnr": ORGNR, "name": "FJORDTALL AS"})
    with sandbox(state) as http:
        result = http.get(f"/brreg/enhetsregisteret/api/enheter/{ORGNR}").json()

    assert made.status_code == 201
    assert result["navn"] == "FJORDTALL AS"
    assert state.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '{"version": 99}', "\udcff"])
def test_an_invalid_data_file_is_named_and_not_changed(tmp_path: Path, content: str) -> None:
    state = tmp_path / "sandbox.json"
    state.write_text(content, errors="surrogateescape")

    payload = refused("--port", str(free_port()), "--state", str(state))

    assert f"cannot start from {state}: " in payload
    assert state.read_text(errors="surrogateescape") == content


def test_an_unreadable_data_file_is_named(tmp_path: Path) -> None:
    assert f"cannot start from {tmp_path}: " in refused("--port", str(free_port()), "--state", str(tmp_path))


def test_a_busy_port_is_named_with_what_changes_it(tmp_path: Path) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = str(door.getsockname()[1])

        assert f"port {port} is taken. Choose another with --port." in refused("--port", port)
