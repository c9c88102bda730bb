"""A-meldingen: one JSON post for one month and one opplysningspliktig. The feedback has a host of its own.

The contract is only partly public. The key is accepted in the header or in the query, since vendors use both.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..kernel import Call
from ..routing import route
from . import amelding_content, checks, urls
from .catalogue import AMELDING, Service
from .deliveries import receive
from .errors import Spec, refuse, refuse_detail, spec
from .records import Finding

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@route("POST", f"{urls.base(AMELDING.id)}/innsending/<month>/<orgnr>")
def submit(call: Call, month: str, orgnr: str) -> Response:
    checks.accepts_json(call, AMELDING)
    checks.sends(call, AMELDING, "application/json")
    key = checks.has_key(call, AMELDING, query_too=True)
    token, system_user = checks.caller(call, AMELDING)
    checks.may_report(call, AMELDING, system_user, party=orgnr)
    _month_is_open(call, month)
    delivery = readable(call)
    fits(call, AMELDING, delivery, month=month, orgnr=orgnr)
    checks.known_party(call, AMELDING, orgnr, sti="opplysningspliktig")
    checks.not_too_big(call, AMELDING)
    if delivery is None:
        raise refuse(call, "008", [spec("1032", codes="AMLD")], codes="AMLD")
    if faults := faults_of(delivery):
        raise refuse(call, "010", faults, codes="AMLD")
    again = checks.replayed(call, AMELDING, token, key)
    if again is not None:
        return again
    submission = receive(
        call,
        AMELDING,
        token=token,
        period=month,
        orgnr=orgnr,
        reference=delivery["meldingsId"],
        media_type="application/json",
        content=[call.request.get_data().decode("utf-8-sig")],
        findings=findings(call, delivery, month),
    )
    body = {
        "dialogId": submission.dialog_id,
        "forsendelseId": submission.id,
        "meldingsId": submission.reference,
    }
    return checks.remember(call, AMELDING, token, key, body=body)


def readable(call: Call) -> dict[str, Any] | None:
    """The leveranse of a JSON body; {} when it has none, None when the body is not JSON."""
    try:
        body = call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    delivery = body.get("leveranse") if isinstance(body, dict) else None
    return delivery if isinstance(delivery, dict) else {}


def readable_text(text: str) -> dict[str, Any]:
    """The leveranse of a JSON text; {} when there is none."""
    return amelding_content.delivery_of(text)


def party(delivery: dict[str, Any]) -> str:
    """The opplysningspliktig, given as a text or as an object with norskIdentifikator."""
    given = delivery.get("opplysningspliktig")
    number = given.get("norskIdentifikator") if isinstance(given, dict) else given
    return number if isinstance(number, str) else ""


def fits(call: Call, service: Service, delivery: dict[str, Any] | None, *, month: str, orgnr: str) -> None:
    """Path and body must have the same party and month."""
    given = party(delivery or {})
    if given and given != orgnr:
        raise refuse_detail(call, "1051", sti="leveranse.opplysningspliktig", value=given, codes=service.codes)
    stated = (delivery or {}).get("kalendermaaned")
    if isinstance(stated, str) and stated != month:
        text = "Kalendermåned i path og i innsending er ulike"
        raise refuse_detail(call, "1052", text, sti="leveranse.kalendermaaned", value=stated, codes=service.codes)


def faults_of(delivery: dict[str, Any]) -> list[Spec]:
    """Errors in the form of an a-melding."""
    faults = []
    if not party(delivery):
        text = "Påkrevd felt mangler"
        faults.append(spec("1022", text, sti="leveranse.opplysningspliktig.norskIdentifikator", codes="AMLD"))
    for name in ("meldingsId", "erstatterMeldingsId"):
        if (name in delivery or name == "meldingsId") and not _is_uuid(delivery.get(name)):
            faults.append(spec("1022", "Må være en UUID", sti=f"leveranse.{name}", codes="AMLD"))
    if not isinstance(delivery.get("kalendermaaned"), str):
        faults.append(spec("1022", "Må være en måned på formen ÅÅÅÅ-MM", sti="leveranse.kalendermaaned", codes="AMLD"))
    if not isinstance(delivery.get("oppgave"), dict):
        faults.append(spec("1022", "Påkrevd felt mangler", sti="leveranse.oppgave", codes="AMLD"))
    return faults


def findings(call: Call, delivery: dict[str, Any], month: str) -> list[Finding]:
    """What is wrong with the content. A message has an id of its own, and replaces one that was received for the same month."""
    return [*_about_ids(call, delivery, month), *amelding_content.findings(delivery)]


def _about_ids(call: Call, delivery: dict[str, Any], month: str) -> Iterator[Finding]:
    mine, replaced = delivery.get("meldingsId"), delivery.get("erstatterMeldingsId")
    received = [s for s in call.state.skatteetaten.submissions.values() if s.orgnr == party(delivery)]
    if any(s.reference == mine for s in received):
        yield Finding(
            code="MELDINGSID_BRUKT",
            text="Meldingens id er brukt før",
            description=f"En melding med meldingsId {mine} er allerede mottatt.",
            guidance="Gi hver melding en ny meldingsId.",
        )
    if replaced and not any(s.reference == replaced and s.period == month for s in received):
        yield Finding(
            code="UKJENT_ERSTATTET_MELDING",
            text="Meldingen som skal erstattes, finnes ikke",
            description=f"Ingen melding med meldingsId {replaced} er mottatt for {month}.",
            guidance="Oppgi meldingsId til en melding som er mottatt for samme måned.",
        )


def _month_is_open(call: Call, month: str) -> None:
    if not MONTH.fullmatch(month):
        text = "kalendermaaned må være på formen ÅÅÅÅ-MM"
        raise refuse_detail(call, "1022", text, sti="kalendermaaned", value=month, codes="AMLD")
    checks.year_is_open(call, AMELDING, month[:4])


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False
