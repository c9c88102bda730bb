"""The receiver of docs/webhooks.md as it stands there: it takes what we sign, and refuses what others do."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portal.core.webhooks import bodies
from tests.core.webhooks.line import Line
from tests.core.webhooks.receiver import Receiver
from tests.local.test_run import free_port, wait_for

DOCUMENT = Path(__file__).parents[3] / "docs" / "webhooks.md"


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def as_documented(secret: str, port: int) -> Iterator[subprocess.Popen[str]]:
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    code = code.replace("whsec_…", secret).replace("8080", str(port))
    with subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True) as process:
        wait_for(lambda: answers(port), seconds=60)
        yield process
        process.terminate()


@pytest.mark.django_db
def test_the_example_accepts_ours_and_no_others() -> None:
    line = Line(Receiver(url=f"http://127.0.0.1:{(port := free_port())}/"))
    line.happens("submissions/1")
    with as_documented(line.secret, port) as process:
        line.send()
        told = process.stdout.readline() if process.stdout else ""

    assert told.strip() == "submission.accepted"
    assert line.states() == {"SENT": 1}

    other = Line(Receiver(url=f"http://127.0.0.1:{(port := free_port())}/"))
    other.happens("submissions/2")
    with as_documented(bodies.new_secret(), port):
        other.send()

    assert other.row().problem_code == "WEBHOOK_REFUSED"
