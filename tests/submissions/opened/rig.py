"""A customer with an answer and a letter from Skatteetaten, the pages on which people open them, and the worker that tells."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User, Vendor
from portal.sandbox.skatteetaten import letters
from submissions.models import Document, Opening, Transmission
from submissions.services.inbox import sources
from submissions.services.opened import tell
from tests.submissions.inbox.reading import Reading, opened_dialogs
from tests.submissions.world import RESOURCE, World

OPENED = "/skatteetaten/forsendelseaapnet"


class Desk:
    def __init__(self, world: World) -> None:
        self.world, self.reading = world, Reading(world)

    def switch(self, on: bool = True) -> None:
        Vendor.objects.update(tells_opened=on)

    def answered(self) -> Document:
        """A document of an answer to a report."""
        self.reading.settle(self.reading.delivered())
        return Document.objects.filter(role="FEEDBACK").earliest("pk")

    def letter(self, **fields: Any) -> Transmission:
        """A letter as the inbox has it."""
        world = self.world
        world.want_scopes(sources.LETTER_SCOPES)
        order = {"resource": RESOURCE, "title": "Vedtak om skatt", "text": "Hei", "api_access": True, **fields}
        sent = letters.send(world.app, orgnr=world.access.customer.orgnr, now=world.at, **order)
        for _ in range(3):  # the next poll may be some minutes away
            world.let_pass(400)
            self.reading.round()
        return Transmission.objects.get(transmission_id=sent.transmission_id)

    def work(self) -> None:
        tell.tell_due(at=self.world.at)

    def work_for(self, *, hours: int) -> None:
        """The worker, minute by minute."""
        for _ in range(hours * 6):
            self.world.let_pass(600)
            self.work()

    def fault(self, **fields: Any) -> None:
        self.reading.fault("skatteetaten", **{"path": OPENED, "times": 1, **fields})

    @property
    def told(self) -> list[str]:
        """Activities by which Skatteetaten shows that it knows, over all dialogs."""
        dialogs = self.world.app.state.dialogs.values()
        return [a.transmission_id for d in dialogs for a in d.activities if a.type == "TransmissionOpened"]

    @property
    def gets(self) -> int:
        """How often a dialog was opened at Dialogporten."""
        return len(opened_dialogs(self.world))

    @property
    def states(self) -> list[tuple[str, str]]:
        return list(Opening.objects.order_by("pk").values_list("status", "problem_code"))

    def open(self, client: Client, user: User, document: Document, *, page: str = "document", **headers: str) -> Any:
        """A person, or a browser with such `headers`, opens a document at this moment of the world."""
        return self._get(client, user, page, document.pk, headers)

    def open_letter(self, client: Client, user: User, letter: Transmission) -> Any:
        return self._get(client, user, "letter", letter.pk, {})

    def _get(self, client: Client, user: User, page: str, pk: int, headers: dict[str, str]) -> Any:
        client.force_login(user)
        shown = client.get(reverse(page, kwargs={"environment": "sandbox", "pk": pk}), headers=headers or None)
        at = self.world.at  # pages take the time of the machine
        Opening.objects.filter(status="WAITING", attempts=0).update(opened_at=at, status_at=at, next_attempt_at=at)
        return shown
