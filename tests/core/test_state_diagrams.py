"""docs/states.md is drawn from the tables of transitions, and the check notices when it is out of date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.core import state_diagrams
from portal.core.states import StatusModel
from submissions.models import Submission


def arrows(document: str, model: type[StatusModel]) -> set[tuple[str, str]]:
    section = document.split(f"## {model._meta.label}\n")[1].split("\n## ", maxsplit=1)[0]
    pairs = [line.strip().split(" --> ") for line in section.splitlines() if " --> " in line]
    return {(before, after) for before, after in pairs}


def test_the_committed_file_is_up_to_date() -> None:
    call_command("state_diagrams", check=True)


@pytest.mark.parametrize("model", state_diagrams.workflows())
def test_a_diagram_has_every_change_of_the_table_and_no_other(model: type[StatusModel]) -> None:
    table = {(str(a), str(b)) for a, bs in model.TRANSITIONS.items() for b in bs}

    drawn = {pair for pair in arrows(state_diagrams.document(), model) if "[*]" not in pair}

    assert drawn == table


def test_a_diagram_shows_where_a_row_begins_and_ends() -> None:
    drawn = arrows(state_diagrams.document(), Submission)

    assert {pair for pair in drawn if "[*]" in pair} == {("[*]", "DRAFT"), ("FAILED", "[*]")}


def test_the_check_fails_until_the_file_is_written_again(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="out of date"):
        call_command("state_diagrams", check=True)

    call_command("state_diagrams")
    call_command("state_diagrams", check=True)
    (tmp_path / "docs" / "states.md").write_text("# States\n", encoding="utf-8")

    with pytest.raises(CommandError, match="out of date"):
        call_command("state_diagrams", check=True)
