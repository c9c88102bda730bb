"""Who is affected when a thing leaves a system's entry: accesses, profiles and our own clients."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from systemusers.models import Access, AccessProfile, FoundSystemUser, MaskinportenClient, System
from systemusers.services.system_register.diff import Difference
from systemusers.services.system_register.entry import LISTS

GIVEN = ("rights", "packages")
"""The columns that a customer gives single values of."""


@dataclass(frozen=True)
class Use:
    """`accesses`: usable ones of ours that have the thing. `profiles`: the names of those that ask for it.

    `maybe`: accesses whose rights are not known, and system users in Altinn that are no access of ours.
    """

    accesses: int
    profiles: list[str]
    maybe: int = 0
    client: MaskinportenClient | None = None
    is_signing: bool = False


class Usage:
    """The use of everything in the entry of one system. Four queries, however many lines are asked about."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._accesses, self._unknown = 0, 0
        self._having: Counter[tuple[str, str]] = Counter()
        self._unknown_having: Counter[tuple[str, str]] = Counter()
        self._count_accesses()
        self._others = FoundSystemUser.objects.filter(system=system, access=None, gone_at=None).count()
        self._profiles: list[AccessProfile] = list(system.profiles.order_by("name"))
        clients = MaskinportenClient.objects.filter(environment=system.environment)
        self._clients = {client.client_id: client for client in clients}

    def _count_accesses(self) -> None:
        rows = Access.objects.filter(profile__system=self._system, status__in=Access.USABLE).order_by()
        for *given, known_at in rows.values_list(*GIVEN, "rights_known_at").iterator(chunk_size=1000):
            values = {(name, value) for name, listed in zip(GIVEN, given, strict=True) for value in listed}
            self._accesses += 1
            self._having.update(values)
            if known_at is None:
                self._unknown += 1
                self._unknown_having.update(values)

    def of(self, line: Difference) -> Use:
        """What depends on the thing of this line."""
        value = line.theirs if line.theirs is not None else line.ours
        if line.field == "client_ids":
            ours = self._clients.get(value)
            return Use(self._accesses, [], self._others, ours, is_signing=ours == self._system.client)
        if line.field in GIVEN:
            thing = (line.field, value)
            profiles = [row.name for row in self._profiles if value in getattr(row, line.field)]
            return Use(self._having[thing], profiles, self._unknown - self._unknown_having[thing] + self._others)
        return Use(self._accesses if line.field not in LISTS else 0, [])
