"""How far the building of the demonstration is: a small file in the data folder, which the run, the builder and the overview read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings


class Phase(StrEnum):
    BUILDING, FAILED, DONE = "BUILDING", "FAILED", "DONE"


@dataclass(frozen=True)
class Progress:
    """`done` of `total` chapters are told. Not DONE at the start of a run: the building was interrupted."""

    phase: Phase
    done: int = 0
    total: int = 0

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


def file() -> Path:
    return Path(settings.DATA_DIR) / "lived-in.json"


def read() -> Progress | None:
    """None where no demonstration was begun."""
    try:
        stored = json.loads(file().read_text())
    except FileNotFoundError:
        return None
    return Progress(Phase(stored["phase"]), stored["done"], stored["total"])


def write(progress: Progress) -> None:
    """Whole at any moment: a reader sees the old content or the new one."""
    draft = file().with_suffix(".new")
    draft.write_text(json.dumps(asdict(progress)))
    draft.replace(file())
