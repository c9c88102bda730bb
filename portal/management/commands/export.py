"""`manage.py export LIST FILE`: a list of the pages as a file, with all its rows. The trail has who took it out."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.http import QueryDict

from accounts.guard import StaffRequest
from accounts.models import Capability
from portal.core import exports
from portal.core.lists import ListPage
from portal.desk.customers import Customers
from portal.management.acting import ActingCommand, wrong
from portal.management.new_file import new_file
from submissions.views.dialogs import Dialogs
from submissions.views.listing import Submissions
from systemusers.views.access import Accesses
from systemusers.views.campaigns import Campaigns

LISTS: dict[str, Any] = {
    "customers": Customers, "accesses": Accesses, "campaigns": Campaigns, "submissions": Submissions, "dialogs": Dialogs,
}  # fmt: skip


class Command(ActingCommand):
    help = (
        "Writes a list into a new file: csv, json or xlsx, by its ending. --filter is what stands after ? on the page."
    )
    needs = Capability.SEE

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("list", choices=LISTS)
        parser.add_argument("file", type=Path, help="a new file")
        parser.add_argument("--filter", default="", metavar="QUERY", help="for example state=rejected&period=2025")

    def act(self, *, list: str, file: Path, filter: str, **options: Any) -> None:
        format = file.suffix.lower().removeprefix(".")
        if format not in exports.MEDIA_TYPES:
            wrong(f"The file must end in one of: {', '.join(exports.MEDIA_TYPES)}.")
        rows: ListPage[Any, Any] = LISTS[list](self._request(filter))
        try:
            with new_file(file) as target, rows.file(format) as content:
                shutil.copyfileobj(content, target)
                size = target.tell()
        except FileExistsError:
            wrong(f"{file} exists already.")
        self.tell({"list": list, "file": str(file), "format": format, "bytes": size})
        self.say(f"{file}: {size} bytes. It is not encrypted.")

    def _request(self, query: str) -> StaffRequest:
        """As the page would get it."""
        request = StaffRequest()
        request.method, request.GET = "GET", QueryDict(query.removeprefix("?"))
        request.user, request.environment = self.user, self.environment
        return request
