"""A watched folder: files that are whole are taken, sorted, checked and, where that is ordered, sent; results lie beside them.

`Watch.look` is one round. What a file became is in the database, under the reference in its name. So a process that stops anywhere,
and two at once on the same folder, take each file once: the claim is one rename, and the heap of a reference is made once.
No fault of one file keeps another back. Decision 0059.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError

from accounts.models import User
from portal.core import readings
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.heartbeat import is_working
from submissions.models import Document, Heap, HeapSource
from submissions.services.documents import DocumentDamaged, open_document
from submissions.services.drafting.drafts import NotStored
from submissions.services.folders import driving, guarded, places, results, taking
from submissions.services.folders.places import TAKEN, Changed, Folders, NotUsable, Seen
from submissions.services.folders.results import State

MOST_IN_A_LOOK = 100
"""Files that are looked at again in one round: those that were not for the longest time."""
CALM = timedelta(seconds=30)
"""Until what waits for the authority or for a person is looked at again."""
MOVING = (State.CHECKING, State.SENDING)
OF_ALL = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.EMFILE,
    errno.ENFILE,
}  # fmt: skip
"""What stands in the way of every file, and not of one."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Said:
    """Something that happened with a file. `act` is taken, changed, refused, done, or waits; `text` says how it stands, or why."""

    act: str
    file: str
    taken: str
    state: str
    text: str


@dataclass
class Watch:
    """`user` is within the environment. `quiet`: how long a file must be unchanged. `documents`: receipts and feedback are written too.

    `is_over` is asked between two files.
    """

    folder: Path
    user: User
    environment: Environment
    sends: bool = False
    quiet: timedelta = timedelta(seconds=5)
    documents: bool = False
    is_over: Callable[[], bool] = bool
    seen: dict[str, tuple[Seen, datetime]] = field(default_factory=dict)
    looked: dict[str, datetime] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    calm: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)
    open: Folders = field(init=False)
    """While a round lasts."""

    def look(self, *, at: datetime) -> Iterator[Said]:
        """One round. Raises OSError when the folder is not there, or is not safe, and when the database does not answer."""
        with places.opened(self.folder) as self.open:
            yield from self._claim(at)
            yield from self._follow_all(at)

    def clean(self, *, before: datetime) -> int:
        """Delete what is finished, and older. Raises OSError."""
        with places.opened(self.folder) as folders:
            return places.remove_old(folders, finished=self.finished, before=before)

    def live(self) -> None:
        """Say that the folder was looked at now. Raises OSError."""
        with places.opened(self.folder) as folders:
            guarded.touch(places.ALIVE, within=folders.watched)

    def _follow_all(self, at: datetime) -> Iterator[Said]:
        files = places.taken(self.open, environment=self.environment)
        self.finished &= files.keys()
        self.told = {one: state for one, state in self.told.items() if one in files}
        self.looked = {one: moment for one, moment in self.looked.items() if one in files}
        self.calm &= files.keys()
        some = self._due(files, at)
        sources, working = taking.find_heaps(some), is_working(at=at)
        for reference in some:
            if self.is_over():
                return
            self.looked[reference] = at
            try:
                yield from self._one(reference, files[reference], sources.get(reference), working, at)
            except Exception as error:
                if is_of_all(error):
                    raise
                logger.error("the taken file %s cannot be followed: %s", reference, type(error).__name__)
                yield Said("waits", reference, reference, "", f"cannot be followed: {type(error).__name__}")

    def _due(self, references: Iterable[str], at: datetime) -> list[str]:
        """Those that were not looked at for the longest time first."""
        longest = datetime.min.replace(tzinfo=UTC)
        due = [
            (self.looked.get(one, longest), one)
            for one in references
            if one not in self.finished and not (one in self.calm and at - self.looked[one] < CALM)
        ]
        return [one for _looked, one in sorted(due)[:MOST_IN_A_LOOK]]

    def _claim(self, at: datetime) -> Iterator[Said]:
        """Move what is whole, one file after the other."""
        waiting = places.waiting(self.open.watched)
        self.seen = {
            name: known for name, known in self.seen.items() if name in waiting or name.startswith(f"{TAKEN}/")
        }
        for name, now in waiting.items():
            if self.is_over():
                return
            if not self._is_quiet(name, now, at):
                continue
            reference = places.new_reference(environment=self.environment, at=at)
            try:
                ours = places.claim(self.open, name, reference=reference)
            except FileNotFoundError:  # another one was first
                continue
            except OSError as error:
                if is_of_all(error):
                    raise
                yield Said("waits", places.shown(name), "", "", f"cannot be moved: {os.strerror(error.errno or 0)}")
                continue
            self.seen[f"{TAKEN}/{ours}"] = self.seen.pop(name)

    def _is_quiet(self, name: str, now: Seen, at: datetime) -> bool:
        """Whether it has looked like this for long enough."""
        known, since = self.seen.get(name, (None, at))
        if known != now:
            self.seen[name] = (now, at)
            return not self.quiet
        return at - since >= self.quiet

    def _one(self, reference: str, name: str, source: HeapSource | None, working: bool, at: datetime) -> Iterator[Said]:
        if source is not None:
            if Heap.objects.visible_to(self.user).filter(pk=source.heap_id, environment=self.environment).exists():
                yield from self._follow(reference, name, source, working, at)
            return
        try:
            content = places.read_result(self.open, name)
            known = results.earlier(content) if content is not None else None
        except (guarded.NotOurs, ValueError):  # nothing of it is believed, and nothing is sent a second time
            yield self._close(reference, name, "NOT_OURS")
            return
        if known is None:
            yield from self._take(reference, name, at)
        elif known.is_final:
            self._end(reference)
        elif made := taking.find_heaps([reference]).get(reference):  # by another process, since this round began
            yield from self._one(reference, name, made, working, at)
        else:  # the heap was discarded, or swept with other old ones
            yield self._close(reference, name, "NOT_FOLLOWED" if known.reports else "DISCARDED", known)

    def _take(self, reference: str, name: str, at: datetime) -> Iterator[Said]:
        """A file that was claimed, by us or by a process that stopped."""
        key = f"{TAKEN}/{name}"
        with suppress(FileNotFoundError):
            found = os.stat(name, dir_fd=self.open.taken, follow_symlinks=False)
            if not self._is_quiet(key, Seen.of(found), at):
                return
        known = self.seen.get(key)
        try:
            heap = taking.take(
                self.open.taken, name, reference=reference, user=self.user, environment=self.environment, sends=self.sends,
                seen=known[0] if known else None, at=at,
            )  # fmt: skip
        except NotUsable as error:
            yield self._close(reference, name, error.code)
        except NotStored as error:
            yield Said("waits", name.removeprefix(f"{reference}-"), reference, "", f"cannot be stored: {error.code}")
        except (Changed, FileNotFoundError):
            self.seen.pop(key, None)
        else:
            self.seen.pop(key, None)
            result = self._result(reference, name, heap, sends=self.sends, moving=True, working=True, at=at)
            places.write_result(self.open.taken, name, result)
            self.told[reference] = result["state"]
            yield _said("taken", result)

    def _follow(self, reference: str, name: str, source: HeapSource, working: bool, at: datetime) -> Iterator[Said]:
        heap, sends = source.heap, source.sends
        try:
            moving = driving.drive(heap=heap, user=self.user, sends=sends, at=at)
        except Heap.DoesNotExist:
            return
        result = self._result(reference, name, heap, sends=sends, moving=moving, working=working, at=at)
        if result["state"] == State.REFUSED:
            places.refuse(self.open, name, result)
            is_new = True  # the file has moved
        else:
            is_new = places.write_result(self.open.taken, name, result)
        self.calm.discard(reference)
        if result["state"] not in MOVING:
            self.calm.add(reference)
        before, self.told[reference] = self.told.get(reference), result["state"]
        if result["is_final"]:
            self._end(reference)
        if result["is_final"] and is_new:  # what the file says already was told before this process began
            yield _said("refused" if result["state"] == State.REFUSED else "done", result)
        elif is_new and before != result["state"]:
            yield _said("changed", result)

    def _result(
        self, reference: str, name: str, heap: Heap, *, sends: bool, at: datetime, **how: Any
    ) -> results.Result:
        result = results.of_heap(heap, user=self.user, taken=reference, sends=sends, at=at, **how)
        result["file"] = name.removeprefix(f"{reference}-")
        if self.documents:
            result["documents"] = self._documents(reference, heap, at)
        return result

    def _documents(self, reference: str, heap: Heap, at: datetime) -> list[str]:
        """Receipts and feedback of the reports, each written once. Returns the names of all."""
        received = Document.objects.visible_to(self.user).shown().filter(
            submission__heap_packages__heap=heap, role__in=Document.Role.values
        )  # fmt: skip
        names = []
        for row in received.distinct().order_by("pk"):
            names.append(f"{reference}-{row.pk}-{places.shown(row.filename)}")
            if not guarded.exists(names[-1], within=self.open.documents):
                self._copy(row, names[-1], at)
        return names

    def _copy(self, row: Document, name: str, at: datetime) -> None:
        with suppress(DocumentDamaged), open_document(row) as file:
            readings.note(by=self.user.actor, at=at, target=row, what=AuditType.FETCHED, environment=self.environment)
            guarded.write_whole(name, file.read(), within=self.open.documents)

    def _close(self, reference: str, name: str, code: str, known: results.Earlier | None = None) -> Said:
        """Nothing more happens with it here. `known` is what its result said last."""
        file = name.removeprefix(f"{reference}-")
        result = results.of_code(code, environment=self.environment, taken=reference, file=file)
        if known and known.reports:
            result["state"], result["reports"] = known.state, known.reports
        if result["state"] == State.REFUSED:
            places.refuse(self.open, name, result)
        else:
            places.write_result(self.open.taken, name, result)
        self._end(reference)
        return _said("refused" if result["state"] == State.REFUSED else "done", result)

    def _end(self, reference: str) -> None:
        self.finished.add(reference)
        self.looked.pop(reference, None)
        self.calm.discard(reference)


def is_of_all(error: Exception) -> bool:
    """Whether it would meet every file: the disk, the network drive or the database."""
    if isinstance(error, OSError):
        return error.errno in OF_ALL
    return isinstance(error, (OperationalError, InterfaceError))


def _said(act: str, result: results.Result) -> Said:
    return Said(act, result.get("file", ""), result["taken"], result["state"], result["text"])
