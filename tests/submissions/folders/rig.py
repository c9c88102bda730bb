"""A watched folder with an ERP that drops files into it, and the workers that do what it orders."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from accounts.models import User
from portal.core.environments import Environment
from submissions.adapters.base import NamedFile
from submissions.models import Submission
from submissions.services.folders.places import RESULT
from submissions.services.folders.watching import Said, Watch
from tests.submissions.adapters.gld_json.test_end_to_end import Vendor
from tests.submissions.heaps.rig import HOUSING, files_for, work_to_the_end
from tests.submissions.world import World

QUIET = timedelta(seconds=5)
REFERENCE = "20261129-180000-s0123456789"
"""Of a file that was taken, and of which the database knows nothing."""


class Desk:
    """The customer may send HOUSING too, whose reports are one file."""

    def __init__(self, world: World, user: User, folder: Path) -> None:
        self.world, self.user, self.folder = world, user, folder
        self.vendor = Vendor(world, HOUSING)
        self.watch = self.new_watch()

    @property
    def at(self) -> datetime:
        return self.world.at

    def new_watch(self, **options: Any) -> Watch:
        """Another process on the same folder, which knows nothing yet."""
        own = {"sends": True, "quiet": QUIET, **options}
        return Watch(self.folder, self.user.within(Environment.SANDBOX), Environment.SANDBOX, **own)

    def report(self, *, year: int = 2025, wrong: bool = False) -> NamedFile:
        (file,) = files_for(self.world.access.customer, HOUSING, year=year, wrong=wrong)
        return file

    def drop(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def look(self, watch: Watch | None = None) -> list[Said]:
        return list((watch or self.watch).look(at=self.at))

    def take(self, watch: Watch | None = None) -> list[Said]:
        """So many rounds that what lies there now is taken."""
        said = self.look(watch)
        self.world.let_pass(QUIET.total_seconds())
        return said + self.look(watch)

    def work(self, watch: Watch | None = None, *, rounds: int = 8) -> list[Said]:
        """Rounds of the watch, with workers between them, until nothing moves any more."""
        said = self.take(watch)
        for _round in range(rounds):
            work_to_the_end(at=self.at)
            self.world.work_submissions()
            self.world.let_pass(10)
            said += self.look(watch)
        return said

    def files(self, place: str) -> list[str]:
        """Names of the files in a folder of ours, without their references and their results."""
        paths = [path for path in (self.folder / place).iterdir() if not path.is_dir()]
        names = [path.name for path in paths if not path.name.endswith((RESULT, ".part"))]
        return sorted(name.split("-", 3)[-1] for name in names)

    def results(self, place: str) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted((self.folder / place).glob(f"*{RESULT}"))]

    def statuses(self) -> list[str]:
        return list(Submission.objects.order_by("pk").values_list("status", flat=True))
