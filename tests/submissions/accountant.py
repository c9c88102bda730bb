"""A customer that is an accountant: its access for clients, and organisations that become its clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from accounts.models import Customer
from portal.local.demo import orgnrs
from systemusers.models import Access, ClientRelation, Kind
from systemusers.services import authorised_parties, client_relations
from tests.submissions.world import LONG, SCOPES, World
from tests.world import AGENT_PACKAGE, BY, PACKAGE, make_profile

HOUSING, HOUSING_SCOPES = "innrapportering-boligsameie", ["skatteetaten:innrapporteringboligsameie"]
SALARY = "urn:altinn:accesspackage:regnskapsforer-lonn"


class Firm:
    """`access` is the accountant's for its clients. The customer's own access of the world stays as it is."""

    def __init__(self, world: World) -> None:
        self.world = world
        scopes = [*SCOPES, *HOUSING_SCOPES, authorised_parties.SCOPE]
        self.client = world.new_client(client_id="3f1f0b1c-0000-4000-8000-00000000000a", scopes=scopes)
        world.app.state.clients[self.client.client_id].token_lifetime = LONG
        self.system = world.new_system(
            self.client,
            system_id=f"{world.client.orgnr}_klienter", packages=[AGENT_PACKAGE, SALARY, PACKAGE],
        )  # fmt: skip
        self.profile = make_profile(
            self.system, "For klienter", kind=Kind.AGENT, rights=[], packages=[AGENT_PACKAGE, SALARY]
        )
        self.access: Access = world.new_access(world.access.customer, self.profile)
        self.number = 0
        world.forget_calls()

    def another(self, name: str) -> Access:
        """The access for clients of another accountant."""
        (number,) = orgnrs(1, start=318_000_000)
        return self.world.new_access(self.world.new_customer(number, name), self.profile)

    def attach(self, clients: int | Iterable[str], *, access: Access | None = None, **body: Any) -> list[str]:
        """So many new ones, or these, are clients of the accountant in Altinn. Returns their numbers."""
        if isinstance(clients, int):
            numbers = orgnrs(self.number + clients, start=312_000_000)[self.number :]
            self.number += clients
            for number in numbers:
                self.world.introduce(number, f"Klient {number[-4:]} AS")
        else:
            numbers = list(clients)
        self.world.control(self._path(access), {"orgnrs": numbers, **body})
        return numbers

    def detach(self, numbers: Iterable[str]) -> None:
        self.world.control(self._path(None), {"orgnrs": list(numbers)}, method="DELETE")

    def _path(self, access: Access | None) -> str:
        return f"/control/system-users/{(access or self.access).system_user.altinn_id}/clients"

    def read(self) -> None:
        """What a worker does after a night."""
        self.world.read_clients()

    def take_in(self, **fields: Any) -> None:
        """What a worker does for those that were chosen; with `all_of` a person chooses everybody first."""
        if fields.pop("all_of", False):
            rows = ClientRelation.objects.filter(access=self.access)
            client_relations.choose(access=self.access, rows=rows, portfolio=None, by=BY, at=self.world.at, **fields)
        while client_relations.take_in_due(at=self.world.at):
            pass

    def customers(self, number: int) -> list[Customer]:
        """So many clients, read and taken in."""
        numbers = self.attach(number)
        self.read()
        self.take_in(all_of=True)
        rows = {row.orgnr: row for row in Customer.objects.filter(orgnr__in=numbers)}
        return [rows[each] for each in numbers]


@pytest.fixture
def firm(world: World) -> Firm:
    return Firm(world)
