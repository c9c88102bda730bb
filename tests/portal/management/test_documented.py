"""docs/command-line.md: its examples are typed as they stand there, and what it says of JSON is what is written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from django.core.management import load_command_class
from django.utils import timezone

from portal.core.heartbeat import record_beat
from portal.local.demo import orgnrs
from submissions.services.folders import results
from tests.fixtures import make_user
from tests.portal.management.rig import Terminal

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
WATCH = ROOT / "deploy" / "watch"


def examples() -> Iterator[tuple[str, str]]:
    """Each command, and what the document says that it writes; `…` stands for anything."""
    for block in re.findall(r"```console\n(.+?)```", TEXT, re.DOTALL):
        for command in block.split("$ manage.py ")[1:]:
            words, _newline, written = command.partition("\n")
            yield words, written.strip()


def pattern(text: str) -> str:
    return ".+?".join(map(re.escape, text.split("…")))


def test_the_examples_do_what_the_document_says(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("ADMINISTRATOR", email="kari@vendor.example")
    numbers = orgnrs(2, start=313_000_000)
    terminal.file("kunder.csv", "Organisasjonsnummer;Navn\n" + "".join(f"{one};{one} AS\n" for one in numbers))
    for one in numbers:
        terminal.world.introduce(one, f"{one} AS")
    for folder, year in (("inn", 2025), ("erp", 2024)):
        terminal.file(f"{folder}/bolig.json", terminal.report(year=year).content)
    record_beat(beat_at=timezone.now(), at=timezone.now())
    monkeypatch.chdir(terminal.folder)

    for words, written in examples():
        terminal.work()
        ended = terminal.type(*shlex.split(words))

        found = ended.out + (f"CommandError: {ended.err}" if ended.code else ended.err)
        assert re.fullmatch(pattern(written), found.strip(), re.DOTALL), f"{words}\n{found}"
        assert ended.code == (1 if written.startswith("CommandError") else 0), words


@pytest.mark.parametrize("shape", [results.Result, results.ReportJson, results.FindingJson, results.ReasonJson])
def test_every_field_of_the_result_is_described(shape: type) -> None:
    described = TEXT[TEXT.index("## The result") :]

    assert [name for name in shape.__annotations__ if f"`{name}`" not in described] == []


def test_every_state_is_described() -> None:
    assert [state for state in results.State if f"`{state}`" not in TEXT] == []


def test_the_files_that_run_a_watch_in_containers_give_a_command_that_exists() -> None:
    compose = yaml.safe_load((WATCH / "compose.yml").read_text(encoding="utf-8"))["services"]["watch"]
    deployment = yaml.safe_load((WATCH / "kubernetes.yaml").read_text(encoding="utf-8"))
    command = deployment["spec"]["template"]["spec"]["containers"][0]["command"]

    kubernetes_validate.validate(deployment, "1.35", strict=True)
    parsed = load_command_class("portal", "watch").create_parser("manage.py", "watch").parse_args(command[3:])
    assert (command, command[:3]) == (compose["command"], ["python", "manage.py", "watch"])
    assert (str(parsed.folder), parsed.environment, parsed.send) == ("/erp", "test", True)
