"""Waits until the demonstration is built, and becomes another command: `python turn.py FILE command …`.

FILE is that of `progress`. Standard library only, and started by its path, to start fast.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

POLL = 0.3  # seconds


def wait(file: Path) -> None:
    while json.loads(file.read_text())["phase"] == "BUILDING":
        time.sleep(POLL)


if __name__ == "__main__":
    wait(Path(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - a command of ours
