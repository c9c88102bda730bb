"""Whoever drops files puts whatever they like into the folder: nothing outside is read or deleted, and the process goes on."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from submissions.models import Heap
from submissions.services.folders import guarded, places
from submissions.services.folders.places import RESULT
from submissions.services.heaps import removal
from tests.submissions.folders.rig import QUIET, REFERENCE, Desk
from tests.submissions.world import BY

NAME = f"{REFERENCE}-a.json"
SECRET = "ENCRYPTION_KEYS=topsecret"
FINAL = {"version": 1, "is_final": True, "state": "REFUSED", "taken": "../../outside/*", "reports": [{"text": SECRET}]}
NOT_OURS = [b"", b"null", b"[]", b"\xff", b'{"is_final": true}', b'{"is_final": true, "taken": "/x/*"}', b"[" * 200_000,
            b'{"state": "MOON", "is_final": true, "reports": []}', b'{"state": [], "is_final": 1, "reports": 2}',
            b'{"state": "READY", "is_final": false, "reports": [7]}']  # fmt: skip


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """What the ERP may not read, and the portal may."""
    path = tmp_path / "outside" / "secret.json"
    path.parent.mkdir()
    path.write_text(json.dumps({**FINAL, "state": "DELIVERED"}))
    return path


def planted(desk: Desk, place: str = "taken") -> Path:
    """Where the result is of a file that lies among ours, and that no database knows."""
    with places.opened(desk.folder):
        pass
    (desk.folder / place / NAME).write_text("{}")
    return desk.folder / place / f"{NAME}{RESULT}"


def texts(desk: Desk) -> str:
    return "".join(path.read_text() for path in desk.folder.rglob(f"*{RESULT}"))


def look(desk: Desk) -> None:
    desk.take()
    desk.look()


def test_a_result_that_is_a_pipe_and_then_a_link_lets_nothing_be_copied(desk: Desk) -> None:
    result = planted(desk)
    os.mkfifo(result)

    def swap() -> None:
        with suppress(OSError), result.open("wb") as pipe:  # the portal may be quicker at each step
            result.unlink()
            result.symlink_to("/proc/self/environ")
            pipe.write(json.dumps(FINAL).encode())

    erp = threading.Thread(target=swap, daemon=True)
    erp.start()
    look(desk)
    os.close(os.open(result, os.O_RDWR | os.O_NONBLOCK)) if result.exists() else None
    erp.join(5)

    (left,) = desk.results("refused")
    assert (left["files"][0]["code"], left["reports"], desk.files("taken")) == ("NOT_OURS", [], [])
    assert ("PATH=" in texts(desk), list((desk.folder / "taken").iterdir())) == (False, [])


def test_a_result_that_is_a_link_is_replaced_and_what_it_leads_to_is_neither_read_nor_written(
    desk: Desk, outside: Path
) -> None:
    before = outside.read_bytes()
    result = planted(desk)
    result.symlink_to(outside)

    look(desk)

    assert [one["files"][0]["code"] for one in desk.results("refused")] == ["NOT_OURS"]
    assert (SECRET in texts(desk), outside.read_bytes()) == (False, before)


def test_a_result_with_a_second_name_elsewhere_is_not_believed(desk: Desk, outside: Path) -> None:
    os.link(outside, planted(desk))

    look(desk)

    assert (SECRET in texts(desk), desk.files("refused")) == (False, ["a.json"])


@pytest.mark.parametrize("content", NOT_OURS, ids=lambda content: content[:30])
def test_a_result_that_is_none_is_set_aside_and_others_go_on(desk: Desk, content: bytes) -> None:
    planted(desk).write_bytes(content)
    desk.drop("bolig.json", desk.report().content)

    desk.work()

    assert (desk.statuses(), desk.files("refused")) == (["DELIVERED"], ["a.json"])
    assert "endret av andre enn portalen" in desk.results("refused")[0]["text"]


def test_a_result_without_end_is_not_read_to_the_end(desk: Desk) -> None:
    with planted(desk).open("wb") as file:
        file.truncate(10 * places.MOST_RESULT)

    look(desk)

    assert [one["files"][0]["code"] for one in desk.results("refused")] == ["NOT_OURS"]


def test_a_result_decides_nothing_while_the_database_knows_the_file(desk: Desk, outside: Path) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.take()
    (result,) = (desk.folder / "taken").glob(f"*{RESULT}")
    result.unlink()
    result.symlink_to(outside)

    desk.work(desk.new_watch())

    (left,) = desk.results("taken")
    assert (desk.statuses(), left["state"], result.is_symlink()) == (["DELIVERED"], "DELIVERED", False)


def test_a_result_that_was_changed_after_the_heap_was_discarded_lets_nothing_be_taken_again(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.take()
    removal.delete(heap=Heap.objects.get(), by=BY, at=desk.at)
    for result in (desk.folder / "taken").glob(f"*{RESULT}"):
        result.write_bytes(b"{}")

    desk.work(desk.new_watch())

    assert (desk.statuses(), Heap.objects.count(), desk.files("refused")) == ([], 0, ["bolig.json"])


@pytest.mark.parametrize("place", ["taken", "refused"])
@pytest.mark.parametrize("content", [json.dumps(FINAL).encode(), *NOT_OURS], ids=lambda content: content[:30])
def test_cleaning_takes_no_name_from_a_file_and_survives_all_of_them(
    desk: Desk, outside: Path, place: str, content: bytes
) -> None:
    result = planted(desk, place)
    result.write_bytes(content)
    os.utime(result, (0, 0))

    gone = desk.watch.clean(before=datetime.now(UTC))

    assert (outside.exists(), gone, desk.files(place)) == (True, *((1, []) if place == "refused" else (0, ["a.json"])))


def test_what_cannot_be_deleted_keeps_no_other_and_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    planted(desk, "refused").write_text("{}")
    (desk.folder / "refused" / NAME).unlink()
    (desk.folder / "refused" / NAME).mkdir()
    other = NAME.replace("-a.json", "-b.json")
    for name in (other, f"{other}{RESULT}"):
        (desk.folder / "refused" / name).write_text("{}")
    for path in desk.folder.rglob("*"):
        os.utime(path, (0, 0))

    gone = desk.watch.clean(before=datetime.now(UTC))

    assert (gone, "IsADirectoryError" in caplog.text) == (1, True)


def link(path: Path) -> None:
    path.rename(path.with_name("away"))
    path.symlink_to("away")


def file(path: Path) -> None:
    path.rmdir()
    path.touch()


WRONG: list[tuple[Callable[[Path], object], str]] = [
    (link, "is a link or a file"), (file, "is a link or a file"),
    (lambda path: path.chmod(0o770), "can be written to by others"),
    (lambda path: path.chmod(0o757), "can be written to by others"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "says"), WRONG)
@pytest.mark.parametrize("place", ["taken", "refused", "documents"])
def test_a_folder_of_ours_that_others_can_write_to_is_not_used(
    desk: Desk, place: str, spoil: Callable[[Path], object], says: str
) -> None:
    look(desk)
    spoil(desk.folder / place)
    desk.drop("bolig.json", desk.report().content)

    with pytest.raises(PermissionError) as error:
        look(desk)

    assert f"{place}/ {says}" in str(error.value)
    assert desk.files(".") == (["bolig.json", place] if spoil is file else ["bolig.json"])


@pytest.mark.parametrize("mode", [0o2770, 0o757, 0o777])
def test_a_watched_folder_where_others_could_move_what_is_taken_is_not_used(desk: Desk, mode: int) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.folder.chmod(mode)

    with pytest.raises(PermissionError, match="Set the sticky bit"):
        desk.look()

    assert desk.files(".") == ["bolig.json"]
    desk.folder.chmod(mode | stat.S_ISVTX)
    desk.work()
    assert desk.statuses() == ["DELIVERED"]


def test_a_folder_that_the_erp_made_in_the_place_of_ours_is_not_used(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.folder / "taken").mkdir()
    erp = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: erp + 1)

    with pytest.raises(PermissionError, match=f"belongs to user {erp}, and must belong to {erp + 1}"):
        desk.look()


def test_folders_and_results_of_ours_can_be_read_by_the_group_and_written_by_nobody_else(desk: Desk) -> None:
    before = os.umask(0)
    try:
        desk.drop("bolig.json", desk.report().content)
        desk.work()
        desk.watch.live()
    finally:
        os.umask(before)

    written = [desk.folder / places.ALIVE, *desk.folder.rglob(f"*{RESULT}")]
    assert {stat.S_IMODE((desk.folder / name).stat().st_mode) for name in ("taken", "refused", "documents")} == {0o750}
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o644}


def test_what_is_renamed_in_a_round_is_still_the_same_folder(desk: Desk, outside: Path) -> None:
    with places.opened(desk.folder) as folders:
        (desk.folder / "taken").rename(desk.folder / "old")
        (desk.folder / "taken").symlink_to(outside.parent)
        places.write_result(folders.taken, NAME, {})

    assert ((desk.folder / "old" / f"{NAME}{RESULT}").exists(), len(list(outside.parent.iterdir()))) == (True, 1)


@pytest.mark.parametrize("target", ["secret.json", "new"])
def test_the_sign_of_life_follows_no_link(desk: Desk, outside: Path, target: str) -> None:
    os.utime(outside, (0, 0))
    (desk.folder / places.ALIVE).symlink_to(outside.parent / target)

    desk.watch.live()

    assert (outside.stat().st_mtime, (outside.parent / "new").exists()) == (0, False)
    assert (desk.folder / places.ALIVE).lstat().st_mtime > 0


def test_a_name_that_is_no_text_is_taken_as_any_other(desk: Desk) -> None:
    path = os.fsencode(desk.folder) + b"/bolig\xff\n.json"
    with open(path, "wb") as file:
        file.write(desk.report().content)

    desk.work()

    assert desk.statuses() == ["DELIVERED"]
    assert desk.results("taken")[0]["file"].startswith("bolig")


def test_a_full_disk_ends_the_round_and_what_is_claimed_is_taken_afterwards(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.drop("bolig.json", desk.report().content)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(guarded, "write_whole", full)
        with pytest.raises(OSError, match="No space"):
            desk.take()
    desk.world.let_pass(QUIET / timedelta(seconds=1))
    desk.work()

    assert desk.statuses() == ["DELIVERED"]
