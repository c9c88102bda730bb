"""The sandbox in a process of its own, so that only our own work is counted."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest


@dataclass
class Remote:
    """A sandbox in a process of its own."""

    origin: str

    def control(self, method: str, path: str, body: object = None) -> Any:
        """The answer, None without one."""
        reply = httpx.request(method, f"{self.origin}/control/{path}", json=body, timeout=60).raise_for_status()
        return reply.json() if reply.content else None


@pytest.fixture
def remote(settings: object) -> Iterator[Remote]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    origin = settings.SANDBOX_URL = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined]
    program = [sys.executable, "-m", "portal.sandbox", "--port", str(port), "--loopback-http"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert origin in process.stdout.readline()
        yield Remote(origin)
        process.terminate()
