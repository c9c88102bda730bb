"""What retrievals share that only read: one call gives the answer, nothing is ordered, and no person is named."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from portal.gateways.decoding import text_of
from portal.gateways.errors import GatewayError
from submissions.adapters import meanings
from submissions.adapters.base import Finding, Meaning, NamedFile, PeriodKind
from submissions.adapters.retrieval import Inquiry


class Reading:
    """See `Retrieval` for the attributes."""

    name: ClassVar[str]
    period_kind: ClassVar[PeriodKind] = PeriodKind.NONE
    has_order_step: ClassVar[bool] = False
    may_repeat: ClassVar[bool] = True
    patience: ClassVar[timedelta] = timedelta(hours=1)
    takes_list: ClassVar[bool] = False
    names_people: ClassVar[bool] = False
    export_formats: ClassVar[tuple[str, ...]] = ("json",)

    def options_fault(self, options: Mapping[str, Any]) -> str:
        return "the way has none" if options else ""

    def render(self, finding: Finding) -> str:
        return finding.code

    def order(self, inquiry: Inquiry) -> str:
        """There is no such step."""
        return ""

    def meaning(self, error: GatewayError, *, is_ordering: bool) -> Meaning:
        return meanings.of_order(error, is_ordering=is_ordering, may_repeat=self.may_repeat)

    def export(self, files: Sequence[NamedFile], *, format: str) -> NamedFile:
        """The answers as they came, each under its name: pages leave out what does not fit into a table."""
        parts = (f"{json.dumps(file.name.removesuffix('.json'))}: {text_of(file.content)}" for file in files)
        return NamedFile(f"{self.name}.{format}", "".join(["{", ",\n".join(parts), "}\n"]).encode())
