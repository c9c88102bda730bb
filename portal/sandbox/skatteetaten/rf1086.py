"""Aksjonærregisteroppgaven, RF-1086, in three steps: main form, a sub-form for each shareholder, confirmation.

Main form and sub-forms take an idempotency key. The confirmation has none and is not idempotent.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import as_json
from ..routing import route
from ..tokens import Token
from . import checks, forms1086, verdict1086
from .catalogue import RF1086
from .deliveries import receive
from .errors import Spec, refuse, refuse_detail, spec
from .records import MainForm

FaultsOf = Callable[[Element], list[Spec]]
BASE = "/skatteetaten/api/aksjonaerregister/v1"
ORGNR = "EnhetOrganisasjonsnummer-datadef-18"
YEAR = "Inntektsar-datadef-692"


@route("POST", f"{BASE}/<year>/1086H")
def main_form(call: Call, year: str) -> Response:
    key, token, form = _form_call(call, year, forms1086.faults_of_main)
    again = checks.replayed(call, RF1086, token, key)
    if again is not None:
        return again
    kept = MainForm(
        id=call.state.uuid7(call.now), year=year, orgnr=form.first(ORGNR), vendor=token.orgnr, xml=_text(call)
    )
    call.state.skatteetaten.main_forms[kept.id] = kept
    return checks.remember(call, RF1086, token, key, body={"hovedskjemaId": kept.id})


@route("POST", f"{BASE}/<year>/<main_id>/1086U")
def sub_form(call: Call, year: str, main_id: str) -> Response:
    key, token, form = _form_call(call, year, forms1086.faults_of_part)
    again = checks.replayed(call, RF1086, token, key)
    if again is not None:
        return again
    kept = _main_form(call, token, year, main_id)
    if form.first(ORGNR) != kept.orgnr:
        raise refuse_detail(call, "1016", sti="hovedskjemaid", value=main_id)
    if kept.submission_id:
        raise refuse_detail(call, "1029", sti="hovedskjemaid", value=main_id)
    kept.parts.append(_text(call))
    return checks.remember(call, RF1086, token, key, body=None)


@route("POST", f"{BASE}/<year>/<main_id>/bekreft")
def confirm(call: Call, year: str, main_id: str) -> Response:
    """Close the package and submit it. A second confirmation gets 1029 and no ids."""
    checks.accepts_json(call, RF1086)
    token, system_user = checks.caller(call, RF1086)
    checks.year_is_open(call, RF1086, year)
    kept = _main_form(call, token, year, main_id)
    checks.may_report(call, RF1086, system_user, party=kept.orgnr)
    announced = call.request.args.get("antall_underskjema", "")
    if not announced.isdecimal():
        text = "antall_underskjema må være et heltall"
        raise refuse_detail(call, "1022", text, sti="antall_underskjema", value=announced)
    if kept.submission_id:
        raise refuse_detail(call, "1029", sti="hovedskjemaid", value=main_id)
    if not kept.parts:
        raise refuse_detail(call, "1026", sti="hovedskjemaid", value=main_id)
    if announced != str(len(kept.parts)):
        raise refuse_detail(call, "1018", sti="antall_underskjema", value=announced)
    submission = receive(
        call,
        RF1086,
        token=token,
        period=year,
        orgnr=kept.orgnr,
        reference=kept.id,
        media_type="application/xml",
        content=[kept.xml, *kept.parts],
        findings=verdict1086.findings(kept.xml, kept.parts, founded=_founded(call, kept.orgnr)),
    )
    kept.submission_id = submission.id
    return as_json(
        {
            "oppgavegiversLeveranseReferanse": kept.id,
            "dialogId": submission.dialog_id,
            "forsendelseId": submission.id,
        }
    )


def _form_call(call: Call, year: str, faults_of: FaultsOf) -> tuple[str, Token, forms1086.Form]:
    """The checks of both form calls, in the services' order. Returns the key, the token and the form."""
    checks.accepts_json(call, RF1086)
    checks.sends(call, RF1086, "application/xml")
    key = checks.has_key(call, RF1086)
    token, system_user = checks.caller(call, RF1086)
    root = _root(call)
    form = forms1086.read(root) if root is not None else forms1086.Form({})
    checks.may_report(call, RF1086, system_user, party=form.first(ORGNR))
    checks.year_is_open(call, RF1086, year)
    if form.first(YEAR) and form.first(YEAR) != year:
        raise refuse_detail(call, "1052", sti=YEAR, value=form.first(YEAR))
    if form.first(ORGNR):
        checks.known_party(call, RF1086, form.first(ORGNR), sti=ORGNR)
    if root is None:
        raise refuse(call, "008", [spec("1001", "Innholdet er ikke velformet XML, eller har en DTD")])
    if faults := faults_of(root):
        raise refuse(call, "010", faults)
    return key, token, form


def _root(call: Call) -> Element | None:
    try:
        return forms1086.parse(call.request.get_data())
    except forms1086.Unreadable:
        return None


def _main_form(call: Call, token: Token, year: str, main_id: str) -> MainForm:
    kept = call.state.skatteetaten.main_forms.get(main_id)
    if kept is None or kept.year != year or kept.vendor != token.orgnr:
        raise refuse_detail(call, "1016", sti="hovedskjemaid", value=main_id)
    return kept


def _founded(call: Call, orgnr: str) -> str:
    """The date of foundation that a tester gave the organisation; "" otherwise, as the register's own is made up."""
    organisation = call.state.organisations.get(orgnr)
    return str(organisation.registry.get("stiftelsesdato", "")) if organisation else ""


def _text(call: Call) -> str:
    """The form as text, decoded from any encoding."""
    return forms1086.as_text(call.request.get_data())
