"""`POST /control/bulk`: creates many organisations, system users and dialogs at once, for measurements.

The same seed gives the same organisations. Their numbers are valid and synthetic: they begin with 2 or 3, which no real
one does.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec
from werkzeug.wrappers import Response

from .. import unit_feed
from ..altinn import catalogue, lookup
from ..dialogporten.records import Dialog, Transmission
from ..kernel import Call
from ..orgnr import check_digit
from ..replies import as_json
from ..routing import route
from ..state import Organisation, Person, System, SystemUser
from .input import read, wrong

MOST = 1_000_000
MOST_DIALOGS = 2_000_000
FIRST = (
    "Rask",
    "Modig",
    "Stille",
    "Glad",
    "Blid",
    "Tapper",
    "Vennlig",
    "Lydig",
    "Kvikk",
    "Trofast",
    "Munter",
    "Sindig",
)
MIDDLE = ("Tiger", "Elg", "Hval", "Ugle", "Rev", "Laks", "Hjort", "Gaupe", "Ørn", "Bever", "Mår", "Sel")
COLOURS = ("Blå", "Grønn", "Gul", "Oransje", "Fiolett", "Hvit", "Brun", "Grå")


class Order(msgspec.Struct, forbid_unknown_fields=True):
    organisations: int
    dialogs_per_organisation: int = 0
    system_id: str = ""
    seed: int = 0
    resource: str = "ske-innrapportering-aksjonaerregisteroppgave"
    kind: Literal["standard", "agent"] = "standard"
    references: Literal["orgnr", "guid", "number"] = "orgnr"


@route("POST", "/control/bulk")
def load(call: Call) -> Response:
    """Organisations, each with one approved system user of `system_id` when that is given, and dialogs.

    `kind` and `references` are those of the system users: as other installations of the vendor made them, with a number of the
    customer such as `kunde-42`, a GUID, or Altinn's default.
    """
    order, started = read(call, Order), time.perf_counter()
    _check(call, order)
    draw = random.Random(f"bulk:{order.seed}")  # noqa: S311 - made-up data, no secret
    made = [_organisation(call, orgnr, draw) for orgnr in _numbers(call, order, draw)]
    system = call.state.systems.get(order.system_id)
    if system is not None:
        _system_users(call, made, system, draw, order)
    _dialogs(call, made, order, draw)
    for look_up in ("dialogs_by_party", "users_by_system"):
        call.sandbox.caches.pop(look_up, None)
    return as_json(
        {
            "organisations": len(made),
            "system_users": len(made) if system else 0,
            "dialogs": len(made) * order.dialogs_per_organisation,
            "first": made[0].orgnr,
            "last": made[-1].orgnr,
            "seconds": round(time.perf_counter() - started, 2),
        },
        status=201,
    )


def _check(call: Call, order: Order) -> None:
    if not 1 <= order.organisations <= MOST:
        raise wrong(f"organisations: must be from 1 to {MOST}.", field="organisations")
    if not 0 <= order.dialogs_per_organisation <= 100:
        raise wrong("dialogs_per_organisation: must be from 0 to 100.", field="dialogs_per_organisation")
    if order.organisations * order.dialogs_per_organisation > MOST_DIALOGS:
        sentence = f"dialogs_per_organisation: there can be {MOST_DIALOGS} dialogs in all."
        raise wrong(sentence, field="dialogs_per_organisation")
    if order.system_id and order.system_id not in call.state.systems:
        raise wrong(f"system_id: no system {order.system_id[:80]} is registered.", field="system_id")


def _numbers(call: Call, order: Order, draw: random.Random) -> Iterator[str]:
    """The next valid numbers from a start that the seed selects, without those already in use."""
    first, count, known = draw.randrange(20_000_000, 38_000_000), 0, call.state.organisations
    while count < order.organisations:
        text = str(first)
        digit = check_digit(text)
        orgnr = f"{text}{digit}"
        if digit is not None and orgnr not in known:
            count += 1
            yield orgnr
        first = first + 1 if first < 39_999_999 else 20_000_000


def _organisation(call: Call, orgnr: str, draw: random.Random) -> Organisation:
    name = f"{draw.choice(FIRST)} {draw.choice(COLOURS)} {draw.choice(MIDDLE)} AS"
    organisation = Organisation(
        orgnr=orgnr,
        name=name,
        party_id=50_000_000 + call.state.sequence(),
        party_uuid=_uuid(draw),
        persons=[Person(name=f"{name[:-3]}sen", roles=["DAGL"])],
    )
    unit_feed.publish(call, organisation)
    call.state.organisations[orgnr] = organisation
    return organisation


def _system_users(
    call: Call, organisations: list[Organisation], system: System, draw: random.Random, order: Order
) -> None:
    rights = [e["value"] for right in system.rights for e in right.get("resource", []) if e.get("value")]
    for number, organisation in enumerate(organisations, start=1):
        references = {"orgnr": organisation.orgnr, "guid": _uuid(draw), "number": f"kunde-{number}"}
        user = SystemUser(
            id=_uuid(draw),
            seq=call.state.sequence(),
            kind=order.kind,
            system_id=system.id,
            orgnr=organisation.orgnr,
            external_ref=references[order.references],
            title=next(iter(system.name.values()), system.id),
            rights=list(rights) if order.kind == "standard" else [],
            packages=_packages(call, system, order.kind),
            created=call.now,
        )
        lookup.add_user(call.state, user)


def _packages(call: Call, system: System, kind: str) -> list[str]:
    """Those of the system that this kind of system user may have."""
    known = [found for urn in system.packages if (found := catalogue.package(call.state, urn))]
    return [p.urn for p in known if (p.delegable if kind == "agent" else p.assignable)]


def _dialogs(call: Call, organisations: list[Organisation], order: Order, draw: random.Random) -> None:
    """Dialogs with one transmission each, spread over the last 30 days; no event is published for them."""
    first = call.now.timestamp()
    for organisation in organisations:
        for number in range(order.dialogs_per_organisation):
            began = datetime.fromtimestamp(first - draw.random() * 30 * 86_400, UTC)
            title = {"nb": f"Aksjonærregisteroppgaven {began.year - number}"}
            sent = Transmission(id=_uuid7(draw, began), type="Information", created_at=began, title=title)
            dialog = Dialog(
                id=_uuid7(draw, began),
                org="ske",
                resource=f"urn:altinn:resource:{order.resource}",
                orgnr=organisation.orgnr,
                title=title,
                created_at=began,
                updated_at=began,
                content_updated_at=began,
                revision=_uuid(draw),
                context_revision=_uuid(draw),
                transmissions=[sent],
            )
            call.state.dialogs[dialog.id] = dialog


def _uuid7(draw: random.Random, moment: datetime) -> str:
    millis, tail = int(moment.timestamp() * 1000), draw.getrandbits(74)
    return str(uuid.UUID(int=(millis << 80) | (7 << 76) | ((tail >> 62) << 64) | (2 << 62) | (tail & (2**62 - 1))))


def _uuid(draw: random.Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))
