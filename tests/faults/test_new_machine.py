"""The machine is lost, and a new one goes on from the backup, by the steps of docs/operations.md: what was half sent is sent once.

The new machine has another PostgreSQL and Valkey, a newer encryption key and nothing stored; the authorities remember everything.
`DEMO=lived-in` does the same with the whole demonstration. A run prints sizes and seconds.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from portal.core.env import new_key
from portal.sandbox.control.bulk_changes import SOON
from tests import prepared
from tests.core.backup_places import Keys, new_keys
from tests.faults.conftest import wait_until
from tests.faults.machines import Clock, Machine, machine, outside, secrets_of, size_of, until_built
from tests.local.test_run import free_port

IS_LIVED_IN = os.environ.get("DEMO", "empty") == "lived-in"
CUSTOMERS, BEFORE, LATER = 8, 3, 2
"""Customers, those whose reports are judged before the backup, and those whose reports are made after it."""
PASS = 4
"""Calls that Skatteetaten answers before it goes away: some reports are half sent then."""
PATIENCE = 420
pytestmark = pytest.mark.faults


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="portal-machines-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def keys(folder: Path) -> Keys:
    return new_keys(folder, "portal-backup.txt")


@pytest.fixture
def old(folder: Path, keys: Keys, prepared_server: Path | None) -> Iterator[Machine]:
    addresses = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    made = machine(folder / "old", BACKUP_RECIPIENTS=keys.recipient, **addresses)
    if prepared_server and not IS_LIVED_IN:
        prepared.place(prepared_server, made.data)
    yield made
    made.end()


@pytest.fixture
def new(folder: Path, old: Machine) -> Iterator[Machine]:
    """Made when the old one has run: it is given its keys, behind a newer one, and its address."""
    address = {"PORT": old.environment["PORT"], "SANDBOX_PORT": str(free_port()), "SANDBOX_URL": remote_of(old)}
    made = machine(folder / "new", **address)
    yield made
    made.end()


def remote_of(old: Machine) -> str:
    return f"http://127.0.0.1:{old.environment['SANDBOX_PORT']}"


def control(old: Machine, method: str, path: str, **body: Any) -> Any:
    answer = httpx.request(method, f"{remote_of(old)}/control/{path}", json=body or None, timeout=30).raise_for_status()
    return answer.json() if answer.content else None


def received(old: Machine) -> int:
    return len(control(old, "GET", "submissions"))


def live(old: Machine) -> None:
    """Customers give access; reports are judged; letters come; then Skatteetaten goes away while reports are sent."""
    old.load(f"prepare({CUSTOMERS})")
    old.load("order_letters()")
    old.load(f"chaos.report({BEFORE}, 1)")
    control(old, "POST", "bulk/changes", changes=60, seed=1)
    time.sleep(SOON)
    old.load("chaos.a_week_passes()")
    assert wait_until(lambda: is_same(old), seconds=PATIENCE), old.load("chaos.compare()")
    control(old, "POST", "faults", service="skatteetaten", status=503, after=PASS, times=10**6)
    old.load(f"chaos.report({CUSTOMERS - BEFORE - LATER}, 2)")
    assert wait_until(lambda: not control(old, "GET", "faults")[0]["after"], seconds=PATIENCE)


LOST = "delivered, not known here"
"""What was sent after the backup: the new machine has its dialogs and documents, and no row of ours."""


def is_same(made: Machine, *, but: str = "") -> bool:
    made.load("chaos.people()")
    left: dict[str, Any] = made.load("chaos.compare()")
    return set(left) - {but} <= known(made)


def known(made: Machine) -> set[str]:
    """Kinds of differences that it began with: the demonstration has documents that nobody may fetch."""
    return set(json.loads((made.data.parent.parent / "known").read_text()))


def go_on(old: Machine) -> None:
    """What the backup does not know: what waited is delivered, others are made and delivered, and dialogs change."""
    sent = received(old)
    control(old, "DELETE", "faults")
    old.load(f"chaos.report({LATER}, 3)")
    assert wait_until(lambda: received(old) >= sent + LATER, seconds=PATIENCE)
    control(old, "POST", "bulk/changes", changes=40, seed=2)


def test_a_new_machine_goes_on_from_the_backup(old: Machine, new: Machine, keys: Keys, folder: Path) -> None:
    clock, backups = Clock(), folder / "backups"
    old.start(*(["--demo", "lived-in"] if IS_LIVED_IN else []))
    if IS_LIVED_IN:
        with clock.step("demonstration"):
            until_built(old, seconds=900)
    (folder / "known").write_text(json.dumps(sorted(old.load("chaos.compare()"))))
    history, theirs = Counter(old.load("chaos.reports()")), set(old.load("chaos.unsettled()"))
    live(old)
    with clock.step("backup"):
        made = old.manage("backup", "--to", backups)
    assert made.returncode == 0, made.stderr
    [backup] = backups.iterdir()
    go_on(old)

    # 1. Stop the old installation. The authorities go on.
    old.end()
    with outside(old.data / "sandbox.json", port=int(old.environment["SANDBOX_PORT"])):
        before = received(old)
        # 2. The keys of the time of the backup, behind a newer one.
        kept = secrets_of(old)
        new.environment |= {**kept, "ENCRYPTION_KEYS": new_key()}
        refused = new.manage("restore", backup, "--check")
        new.environment["ENCRYPTION_KEYS"] = f"{new_key()},{kept['ENCRYPTION_KEYS']}"
        # 3. and 4.
        with clock.step("check"):
            checked = new.manage("restore", backup, "--check")
        with clock.step("restore"):
            restored = new.manage("restore", backup, "--identity", keys.identity)
        # 5.
        with clock.step("start"):
            new.start()
        keys.identity.unlink()

        assert "ENCRYPTION_KEYS lacks keys" in refused.stderr
        assert checked.returncode == 0, checked.stderr
        assert restored.returncode == 0, restored.stderr
        with clock.step("all read again"):
            assert wait_until(lambda: new.load("chaos.held()") == {}, seconds=PATIENCE), new.load("chaos.held()")
        with clock.step("settled"):
            wait_until(lambda: is_same(new, but=LOST), seconds=PATIENCE)
        left, after = new.load("chaos.compare()"), received(old)
        reports = Counter(new.load("chaos.reports()")) - history
        with clock.step("tour"):
            tour = new.manage("tour")

    sizes = {"bytes of the backup": size_of(backup), "bytes of documents": size_of(new.data / "documents")}
    numbers = {**clock.seconds, **sizes, "delivered at the stop": before, "in the end": after, "reports": reports}
    print("\n" + json.dumps({**numbers, "restore said": restored.stdout.splitlines()}, indent=1))  # noqa: T201
    assert set(left) - {LOST} <= known(old), left
    assert left[LOST][0] == LATER or IS_LIVED_IN, left
    assert set(reports.values()) == {1}, "one is sent twice"
    assert len(reports.keys() - theirs) == CUSTOMERS, "one is not sent"
    assert tour.returncode == 0, tour.stdout[-3000:] + tour.stderr
    assert "All nine steps did their work" in tour.stdout
