"""Commands as they are typed, with the workers that do what they order."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import User
from accounts.services.imports import work as import_work
from submissions.adapters.base import NamedFile
from submissions.services import catalogue
from systemusers.services import access as access_service
from systemusers.services.campaigns import work as campaign_work
from tests.submissions.adapters.gld_json.test_end_to_end import Vendor
from tests.submissions.heaps.rig import HOUSING, files_for, work_to_the_end
from tests.submissions.world import World


@dataclass(frozen=True)
class Ended:
    """`code` is what the shell sees; `out` and `err` what was written."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Terminal:
    def __init__(self, world: World, user: User, folder: Path) -> None:
        self.world, self.user, self.folder = world, user, folder
        self.vendor = Vendor(world, HOUSING)
        self.service = catalogue.service(HOUSING)
        world.let_pass((timezone.now() - world.at).total_seconds())

    def run(self, *words: str, email: str = "", environment: str = "sandbox") -> Ended:
        return self.type(*words, "--environment", environment, "--as", email or self.user.email)

    def type(self, *words: str) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command(*words, stdout=out, stderr=err)
        except CommandError as error:
            return Ended(error.returncode, out.getvalue(), err.getvalue() + str(error))
        return Ended(0, out.getvalue(), err.getvalue())

    def work(self) -> None:
        at = timezone.now()
        work_to_the_end(at=at)
        while import_work.run(at=at) or campaign_work.run(at=at):
            pass
        access_service.send_due(at=at)

    def report(self, *, year: int = 2025) -> NamedFile:
        (file,) = files_for(self.world.access.customer, HOUSING, year=year)
        return file

    def file(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path
