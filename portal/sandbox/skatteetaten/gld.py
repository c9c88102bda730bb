"""The 31 services with the same routes: one JSON post for one party and year, receipt at once, feedback in the dialog."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..kernel import Call
from ..routing import route
from . import checks, gld_content, urls
from .catalogue import GLD_SERVICES, Service
from .deliveries import receive
from .errors import refuse, refuse_detail, spec


def submit(service: Service, call: Call, year: str) -> Response:
    checks.accepts_json(call, service)
    checks.sends(call, service, "application/json")
    key = checks.has_key(call, service)
    token, system_user = checks.caller(call, service)
    body = _body(call)
    deliveries = gld_content.deliveries(service, body)
    orgnr = gld_content.party(deliveries)
    checks.may_report(call, service, system_user, party=orgnr)
    checks.year_is_open(call, service, year)
    _fits_path(call, service, deliveries, year)
    checks.not_too_big(call, service)
    if body is None:
        raise refuse(call, "008", [spec("1032")])
    if faults := gld_content.faults(service, body):
        raise refuse(call, "010", faults)
    again = checks.replayed(call, service, token, key)
    if again is not None:
        return again
    submission = receive(
        call,
        service,
        token=token,
        period=year,
        orgnr=orgnr,
        reference=str(deliveries[0].get("oppgavegiversLeveranseReferanse", "")),
        media_type="application/json",
        content=[call.request.get_data().decode("utf-8-sig")],
        counts={"antallOppgaver": sum(len(gld_content.items(service, d)) for d in deliveries)},
        findings=gld_content.findings(service, deliveries),
    )
    ids = {"dialogId": submission.dialog_id, "forsendelseId": submission.id}
    return checks.remember(call, service, token, key, body={**ids, **_receipt(service, deliveries)})


def _body(call: Call) -> Any:
    """The JSON body; None when it cannot be read."""
    try:
        return call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _fits_path(call: Call, service: Service, deliveries: list[dict[str, Any]], year: str) -> None:
    for path, delivery in gld_content.by_path(service, deliveries):
        given = delivery.get("inntektsaar")
        if gld_content.is_year(service, given) and str(given) != year:
            raise refuse_detail(call, "1052", sti=f"{path}.inntektsaar", value=given)
    parties = gld_content.parties(deliveries)
    if len(set(parties)) > 1:
        raise refuse_detail(call, "1102", sti="leveranse", value=", ".join(sorted(set(parties))))
    if parties:
        checks.known_party(call, service, parties[0], sti="leveranse.oppgavegiver.organisasjonsnummer")


def _receipt(service: Service, deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    if not service.many:
        return _counters(service, deliveries[0], service.receipt)
    names = ["boligselskapFormaal", "oppgavegiversLeveranseReferanse", "antallSletteoppgaver", "antallOppgaver"]
    return {"leveranseformaal": [_counters(service, delivery, names) for delivery in deliveries]}


def _counters(service: Service, delivery: dict[str, Any], names: list[str]) -> dict[str, Any]:
    known = {
        "boligselskapFormaal": delivery.get("boligselskapFormaal"),
        "oppgavegiversLeveranseReferanse": delivery.get("oppgavegiversLeveranseReferanse"),
        "antallSletteoppgaver": len(delivery.get("sletteoppgave") or []),
        "antallOppgaver": len(gld_content.items(service, delivery)),
    }
    return {name: known[name] for name in names}


def serve(service: Service) -> None:
    """Answer the post of a service."""
    route("POST", f"{urls.base(service.id)}/<year>")(partial(submit, service))


for _service in GLD_SERVICES:
    serve(_service)
