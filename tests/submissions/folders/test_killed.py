"""A process that watches is killed before any line of the taking of a file, and two watch the same folder at once."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.db import connection

from submissions.models import Heap, HeapPackage, Submission
from submissions.services.folders import driving, guarded, places, taking, watching
from submissions.services.heaps import intake
from tests.submissions.folders.rig import QUIET, Desk
from tests.submissions.heaps.rig import work_to_the_end

WATCHED = {module.__file__ for module in (driving, guarded, places, taking, watching, intake)}
MOST = 400
STEP = int(os.environ.get("LINES", "4"))
"""Every so many lines; LINES=1 is all of them."""


def dies(work: Callable[[], None], line: int) -> bool:
    """Do it in a process of its own, which is killed when it comes to so many different lines. Whether it came so far."""
    child = os.fork()
    if not child:
        kept = connection.connection  # the parent's: it is neither used nor closed here
        connection.connection = None
        try:
            sys.settrace(Killer(line).trace)
            work()
        finally:
            os._exit(0 if kept else 1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


class Killer:
    """Kills its own process, as nobody can prevent, before the line with this number."""

    def __init__(self, line: int) -> None:
        self.line, self.lines = line, set[tuple[str, int]]()

    def trace(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
            if len(self.lines) > self.line:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.trace


def rounds(desk: Desk) -> None:
    """From the drop to the queue. Nothing is sent: that is the same for every report."""
    watch = desk.new_watch()
    desk.take(watch)
    for _round in range(3):
        work_to_the_end(at=desk.at)
        desk.look(watch)


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_wherever_the_process_is_killed_one_report_is_queued_and_nothing_is_lost(desk: Desk) -> None:
    for line in range(0, MOST, STEP):
        desk.drop("bolig.json", desk.report().content + b" " * line)

        has_died = dies(lambda: rounds(desk), line)
        desk.world.let_pass(QUIET.total_seconds())
        rounds(desk)
        work_to_the_end(at=desk.at)

        made = Submission.objects.filter(period_start__gte=date(2000, 1, 1))
        assert [row.status for row in made] == ["QUEUED"], line
        assert (desk.files("."), desk.files("taken"), desk.files("refused")) == ([], ["bolig.json"], []), line
        assert [one["state"] for one in desk.results("taken")] == ["SENDING"], line
        forget(desk)
        if not has_died:
            break
    assert 100 < line < MOST


def forget(desk: Desk) -> None:
    """Out of the way of the next turn."""
    Heap.objects.all().delete()
    Submission.objects.update(period_start=date(1999, 1, 1))
    for path in (desk.folder / "taken").iterdir():
        path.unlink()


@pytest.mark.django_db(transaction=True)
def test_of_two_that_watch_the_same_folder_each_file_is_taken_by_one(desk: Desk) -> None:
    for number in range(30):
        desk.drop(f"{number}.json", desk.report().content + b" " * number)
    for watch in (watches := [desk.new_watch(), desk.new_watch()]):
        desk.look(watch)
    desk.world.let_pass(QUIET.total_seconds())

    start, said = threading.Barrier(2), list[Any]()
    threads = [threading.Thread(target=race, args=(desk, watch, start, said)) for watch in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_to_the_end(at=desk.at)
    for watch in watches:
        desk.look(watch)
    work_to_the_end(at=desk.at)

    takers = {one.taken for one in said if one.act == "taken"}
    files = [*desk.files("taken"), *desk.files("refused")]  # of one period: all but the first find its draft
    assert (len(takers), Heap.objects.count(), len(files), desk.files(".")) == (30, 30, 30, [])
    assert HeapPackage.objects.filter(draft__status="QUEUED").values("draft").distinct().count() <= 1


def race(desk: Desk, watch: Any, start: threading.Barrier, said: list[Any]) -> None:
    try:
        start.wait()
        for _round in range(3):
            said += desk.look(watch)
    finally:
        connection.close()


def test_a_disk_that_is_full_leaves_the_old_result_whole(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    with places.opened(tmp_path) as folders:
        places.write_result(folders.taken, "a.json", {"state": "CHECKING"})
    before = (taken / "a.json.result.json").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with places.opened(tmp_path) as folders, pytest.raises(OSError, match="File too large"):
            places.write_result(folders.taken, "a.json", {"text": "x" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert [path.read_bytes() for path in taken.iterdir()] == [before]
