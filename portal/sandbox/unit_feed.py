"""Enhetsregisteret's feeds of updates, one of main units and one of sub-units: who changed, in the order of publication.

Source: https://data.brreg.no/enhetsregisteret/api/dokumentasjon/no/index.html (oppdateringer), and what programs that follow
the real feed report: the two feeds count apart, ids have gaps, `oppdateringsid` and `dato` are inclusive, an answer without
entries has no `_embedded`. `publish` is called before an organisation is stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Response

from .enhetsregisteret import BASE, is_nine_digits, page_of, wrong_query
from .kernel import Call
from .replies import as_json
from .routing import route
from .state import Organisation, RegisterUpdate

DATE = "%Y-%m-%dT%H:%M:%S.%fZ"


def publish(call: Call, organisation: Organisation, *, before: Organisation | None = None) -> None:
    """Add an entry when the register shows something else about the unit than `before`. Roles are no part of a unit."""
    if before and _shown(before) == _shown(organisation):
        return
    feed = call.state.register_updates
    # The time is in the id, so that a sandbox that begins anew goes on above the ids of the one before.
    ident = max(feed[-1].id + 1 if feed else 0, int(call.now.timestamp()))
    kind = _kind(organisation, is_new=before is None)
    is_sub = bool(organisation.main_unit)
    feed.append(RegisterUpdate(id=ident, at=call.now, orgnr=organisation.orgnr, is_sub=is_sub, kind=kind))


def _shown(organisation: Organisation) -> tuple[Any, ...]:
    return (organisation.name, organisation.form, organisation.main_unit, organisation.registry)


def _kind(organisation: Organisation, *, is_new: bool) -> str:
    if organisation.registry.get("fjernet"):
        return "Fjernet"
    if organisation.registry.get("slettedato"):
        return "Sletting"
    return "Ny" if is_new else "Endring"


@route("GET", f"{BASE}/oppdateringer/enheter")
def unit_updates(call: Call) -> Response:
    return _answer(call, sub=False)


@route("GET", f"{BASE}/oppdateringer/underenheter")
def sub_unit_updates(call: Call) -> Response:
    return _answer(call, sub=True)


def _answer(call: Call, *, sub: bool) -> Response:
    """Oldest first. Without `dato` and `oppdateringsid`, from the beginning."""
    page, size = page_of(call)
    since, first, wanted = _date(call), _first(call), _numbers(call)
    feed = [one for one in call.state.register_updates if one.is_sub == sub and one.id >= first and one.at >= since]
    rows = [one for one in feed if not wanted or one.orgnr in wanted]
    shown = [_entry(call, one) for one in rows[page * size : (page + 1) * size]]
    name = "oppdaterteUnderenheter" if sub else "oppdaterteEnheter"
    counts = {"size": size, "totalElements": len(rows), "totalPages": -(-len(rows) // size), "number": page}
    body: dict[str, Any] = {"_links": {"self": {"href": call.request.url}}, "page": counts}
    return as_json({"_embedded": {name: shown}, **body} if shown else body)


def _entry(call: Call, update: RegisterUpdate) -> dict[str, Any]:
    kind = "underenhet" if update.is_sub else "enhet"
    return {
        "oppdateringsid": update.id,
        "dato": update.at.astimezone(UTC).strftime(DATE)[:-4] + "Z",
        "organisasjonsnummer": update.orgnr,
        "endringstype": update.kind,
        "_links": {kind: {"href": f"{call.sandbox.origin}{BASE}/{kind}er/{update.orgnr}"}},
    }


def _date(call: Call) -> datetime:
    """`dato`: a time with date, clock and Z, as the documentation writes it. Anything else is refused."""
    text = call.request.args.get("dato")
    if text is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        return datetime.strptime(text, DATE).replace(tzinfo=UTC)
    except ValueError:
        raise wrong_query(call, "dato", "dato må være på formatet yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") from None


def _first(call: Call) -> int:
    text = call.request.args.get("oppdateringsid", "1")
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) >= 1):
        raise wrong_query(call, "oppdateringsid", "oppdateringsid må være et heltall fra 1")
    return int(text)


def _numbers(call: Call) -> frozenset[str]:
    text = call.request.args.get("organisasjonsnummer", "")
    numbers = frozenset(number.strip() for number in text.split(",")) if text else frozenset()
    if not all(is_nine_digits(number) for number in numbers):
        raise wrong_query(call, "organisasjonsnummer", "organisasjonsnummer må bestå av 9 sifre")
    return numbers
