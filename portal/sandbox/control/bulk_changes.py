"""`POST /control/bulk/changes`: dialogs of many organisations appear, change and vanish at random, as over some weeks.

The same seed and number of dialogs give the same changes. What it deletes or lets expire are its own dialogs: those about a
delivery stay, as they do in the real service.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from .. import dialogs
from ..dialogporten.records import Dialog
from ..kernel import Call
from ..replies import as_json
from ..routing import route
from ..skatteetaten import letters
from .input import read, wrong

MOST = 10_000
SOON = 3.0
"""Seconds until what is announced is visible, and until what has an end is over."""
OPEN = ("NotApplicable", "InProgress", "RequiresAttention", "Awaiting", "Completed")
TITLES = ("Brev", "Vedtak", "Varsel", "Melding", "Kontroll", "Purring")
Act = Callable[["Round"], None]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    changes: int
    seed: int = 0


class Round:
    """One order while it is carried out. `own` are the dialogs that may vanish."""

    def __init__(self, call: Call, seed: int) -> None:
        self.sandbox, self.state, self.now = call.sandbox, call.state, call.now
        self.draw = random.Random(f"changes:{seed}")  # noqa: S311 - made-up data, no secret
        self.users = [user for user in self.state.system_users.values() if user.rights and not user.deleted]
        keyed = set(self.state.dialog_keys.values())
        there = [one for one in self.state.dialogs.values() if not one.deleted]
        self.all, self.own = there, [one for one in there if one.id not in keyed]

    def title(self) -> str:
        return f"{self.draw.choice(TITLES)} {self.draw.randrange(10_000)}"

    def text(self) -> str:
        return f"Innholdet i brev {self.draw.getrandbits(64):016x}."

    def soon(self) -> Any:
        return self.now + timedelta(seconds=self.draw.uniform(0, SOON))

    def open(self, **fields: Any) -> Dialog:
        user = self.draw.choice(self.users)
        resource = f"{letters.RESOURCE}{self.draw.choice(user.rights)}"
        made = dialogs.open_dialog(
            self.sandbox, org="ske", service_resource=resource, party_orgnr=user.orgnr, title=self.title(),
            now=self.now, **fields,
        )  # fmt: skip
        self.all.append(made)
        self.own.append(made)
        return made

    def any(self) -> Dialog:
        return self.draw.choice(self.all) if self.all else self.open()

    def leave(self) -> Dialog:
        """One that may vanish, and that is not taken again."""
        if not self.own:
            self.open()
        chosen = self.own.pop(self.draw.randrange(len(self.own)))
        self.all.remove(chosen)
        return chosen

    def inform(self, dialog: Dialog) -> None:
        dialogs.add_transmission(self.sandbox, dialog, type="Information", title=self.title(), now=self.now)


def letter(at: Round) -> None:
    letters.write(at.sandbox, at.open(), title=at.title(), text=at.text(), now=at.now)


def another_letter(at: Round) -> None:
    letters.write(at.sandbox, at.any(), title=at.title(), text=at.text(), now=at.now)


def conversation(at: Round) -> None:
    made = at.open(status=at.draw.choice(OPEN), due_at=at.now + timedelta(days=at.draw.randrange(1, 90)))
    for _ in range(at.draw.randrange(1, 4)):
        at.inform(made)


def announced(at: Round) -> None:
    """Its event comes at once, and it is visible later."""
    at.open(visible_from=at.soon())


def passing(at: Round) -> None:
    """It vanishes by itself, and no event tells of that."""
    at.inform(at.open(expires_at=at.soon()))


def change(at: Round) -> None:
    changes: dict[str, Any] = {"status": at.draw.choice(OPEN)}
    if at.draw.random() < 0.5:
        changes |= {"title": dialogs.texts(at.title()), "due_at": at.now + timedelta(days=at.draw.randrange(1, 90))}
    dialogs.update_dialog(at.sandbox, at.any(), changes, now=at.now)


def change_silently(at: Round) -> None:
    """No time of the dialog moves, and no event tells of it."""
    dialogs.update_dialog(at.sandbox, at.any(), {"title": dialogs.texts(at.title())}, now=at.now, silent=True)


def inform(at: Round) -> None:
    at.inform(at.any())


def act(at: Round) -> None:
    description = dialogs.texts(at.title())
    dialogs.add_activity(at.sandbox, at.any(), type="Information", description=description, now=at.now)


def withdraw(at: Round) -> None:
    """A transmission is deleted: it is still listed, with the time of that."""
    dialog = at.draw.choice(at.own) if at.own else at.open()
    chosen = next((one for one in dialog.transmissions if one.deleted_at is None), None)
    if chosen is None:
        at.inform(dialog)
        return
    chosen.deleted_at = at.now
    dialogs.touch(at.sandbox, dialog, at.now, content=True)
    dialogs.publish(at.sandbox, dialog, "dialogporten.dialog.updated.v1", at.now)


def delete(at: Round) -> None:
    dialogs.delete_dialog(at.sandbox, at.leave(), now=at.now)


def expire(at: Round) -> None:
    dialogs.update_dialog(at.sandbox, at.leave(), {"expires_at": at.soon()}, now=at.now, silent=at.draw.random() < 0.5)


def come_back(at: Round) -> None:
    expired = [one for one in at.own if one.expires_at is not None and one.expires_at <= at.now]
    if not expired:
        letter(at)
        return
    dialogs.update_dialog(at.sandbox, at.draw.choice(expired), {"expires_at": None}, now=at.now)


ACTS: dict[Act, int] = {
    letter: 6, another_letter: 4, conversation: 5, announced: 2, passing: 2, change: 6, change_silently: 2, inform: 6, act: 2,
    withdraw: 2, delete: 3, expire: 2, come_back: 1,
}  # fmt: skip
"""How often each happens, beside the others."""


@route("POST", "/control/bulk/changes")
def carry_out(call: Call) -> Response:
    """How many there were of each kind."""
    order = read(call, Order)
    if not 1 <= order.changes <= MOST:
        raise wrong(f"changes: must be from 1 to {MOST}.", field="changes")
    at = Round(call, order.seed)
    if not at.users:
        raise wrong("changes: there is no system user with a right yet.", field="changes")
    chosen = at.draw.choices(list(ACTS), list(ACTS.values()), k=order.changes)
    for doing in chosen:
        doing(at)
    return as_json(Counter(doing.__name__ for doing in chosen), status=201)
