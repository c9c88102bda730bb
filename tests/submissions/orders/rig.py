"""A customer whose access may ask one service, the person who asks, and the worker that fetches."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from portal.core.environments import addresses
from portal.sandbox.faults import Fault
from submissions.adapters.base import About
from submissions.adapters.numbers import synthetic_person
from submissions.adapters.retrieval import Ask
from submissions.models import Order
from submissions.period import Period, PeriodKind
from submissions.services import catalogue, local
from submissions.services.orders import making, work
from systemusers.models import Access, MaskinportenClient, System
from systemusers.services.system_register import save_system
from tests.kept import built
from tests.submissions.world import BY, World, make_draft, make_profile

ALL, CHANGES = "HENT_ALLE_OPPGITTE", "HENT_KUN_ENDRING"


class Rig:
    def __init__(self, world: World, service: str) -> None:
        self.world, self.service, self.reporting = world, catalogue.service(service), world.access
        self.way = making.way_of(self.service)
        self._grant()
        local.switch(service=self.service, environment="SANDBOX", on=True, by=BY, at=world.at)

    def _grant(self) -> None:
        world, rights, packages = self.world, _rights(self.service), _packages(self.service)

        def grant() -> tuple[MaskinportenClient, System, Access]:
            world.want_scopes(self.service.scopes)
            world.system.rights = [*world.system.rights, *rights]
            world.system.packages = [*world.system.packages, *packages]
            save_system(system=world.system, by=BY, at=world.at)
            world.send_ours(world.system)
            profile = make_profile(world.system, self.service.id, rights=rights, packages=packages)
            return world.client, world.system, world.new_access(world.access.customer, profile)

        world.client, world.system, world.access = built("access to ask", self.service.id, by=grant, world=world)
        world.forget_calls()

    def ask(self, *, kind: str = "", listed: bytes = b"", **fields: Any) -> Order:
        """A person's order, due now."""
        world = self.world
        about = About(world.access.customer.orgnr, self.period, self.service.id)
        question, findings = self.way.read(Ask(kind=kind, listed=listed), about)
        assert not findings
        return making.create_order(
            access=world.access, customer=world.access.customer, service=self.service.id, period=self.period,
            question=question, by=BY, at=world.at, **fields,
        )  # fmt: skip

    @property
    def period(self) -> Period:
        is_yearly = self.service.period == PeriodKind.YEAR
        return Period.year(2026) if is_yearly else Period(PeriodKind.NONE, self.world.at.date())

    def work(self, order: Order) -> Order:
        """One round of a worker."""
        work.work_due(at=self.world.at)
        return self.fresh(order)

    def deliver(self) -> None:
        """The customer has reported once."""
        make_draft(self.reporting, status="DELIVERED", at=self.world.at, delivered_at=self.world.at)

    def finish_clicked(self, order: Order) -> Order:
        """What a page made due by the clock of the day is due by the world's clock too."""
        Order.objects.filter(pk=order.pk).update(next_attempt_at=self.world.at)
        return self.finish(order)

    def finish(self, order: Order, *, rounds: int = 20) -> Order:
        for _ in range(rounds):
            order = self.work(order)
            if not order.is_moving:
                break
            self.world.let_pass(60)
        return order

    def fresh(self, order: Order) -> Order:
        return Order.objects.defer(None).select_related("customer", "access").get(pk=order.pk)

    def fault(self, path: str = "", **fault: Any) -> None:
        values = {"kind": "status", "seconds": 0.0, **fault}
        where = urlsplit(self.service.base_url(addresses("SANDBOX"))).path + path
        self.world.app.faults.order(Fault(service="skatteetaten", path=where, **values))

    def calls(self, ending: str) -> int:
        return sum(request.url.path.endswith(ending) for request in self.world.transport.requests)


def _rights(service: catalogue.Service) -> list[str]:
    return [] if service.id == "frister" else [RESOURCES[service.id]]


def _packages(service: catalogue.Service) -> list[str]:
    return ["urn:altinn:accesspackage:krav-og-utlegg"] if service.id == "frister" else []


RESOURCES = {
    "skattekorttilarbeidsgiver": "ske-skattekort-til-arbeidsgiver",
    "kravogbetalinger": "ske-krav-og-betalinger",
}


def person(ending: str, *, but: int = 0) -> str:
    """A synthetic number with this last digit."""
    found = (number for serial in range(4000) if (number := synthetic_person(serial)).endswith(ending))
    return [next(found) for _ in range(but + 1)][-1]


def listed(*people: str) -> bytes:
    return "\n".join(people).encode()
