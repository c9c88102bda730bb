"""The checks of every reporting service, in their order: headers, token, system user, rights, year, party, key.

Each raises a Reply with the published code. For unreadable content the token is checked first.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from werkzeug.wrappers import Response

from ..altinn import rights
from ..kernel import Call
from ..replies import as_json
from ..state import SystemUser
from ..tokens import BadToken, Token, read_token
from .catalogue import Service
from .errors import refuse, refuse_detail
from .records import StoredAnswer

MAX_JSON_BYTES = 10_000_000
"""10 MB is published, and not whether that is 2^20 or 10^6 bytes each: the smaller."""
AMLD = "AMLD"
"""A-melding's codes have the numbers of the other services, but not all of them."""


def accepts_json(call: Call, service: Service) -> None:
    """`Accept` must name application/json itself; a wildcard is refused."""
    if "application/json" not in call.request.headers.get("Accept", "").lower():
        raise refuse_detail(
            call, "1030", sti="Accept", value=call.request.headers.get("Accept", ""), codes=service.codes
        )


def sends(call: Call, service: Service, media_type: str) -> None:
    """The body must be declared as `media_type` (application/json or application/xml)."""
    given = call.request.headers.get("Content-Type", "")
    if given.split(";")[0].strip().lower() != media_type:
        code = "1047" if media_type == "application/json" else "1031"
        raise refuse_detail(call, code, sti="Content-Type", value=given, codes=service.codes)


def has_key(call: Call, service: Service, *, query_too: bool = False) -> str:
    """The idempotency key: a UUID in the header `idempotencyKey` (`query_too`: or in the query)."""
    key = call.request.headers.get("idempotencyKey", "").strip()
    if query_too and not key:
        key = call.request.args.get("idempotencyKey", "").strip()
    if not key:
        raise refuse_detail(call, "1028", "Header idempotencyKey mangler", sti="idempotencyKey", codes=service.codes)
    try:
        return str(uuid.UUID(key))
    except ValueError:
        text = "idempotencyKey må være en UUID"
        raise refuse_detail(call, "1022", text, sti="idempotencyKey", value=key, codes=service.codes) from None


def caller(call: Call, service: Service) -> tuple[Token, SystemUser]:
    """The verified Maskinporten token and its live system user. An exchanged Altinn token is refused."""
    try:
        token = read_token(call, issuers=("maskinporten",))
    except BadToken as error:
        code = "1007" if error.reason == "missing" and service.codes != AMLD else "1008"
        raise refuse_detail(call, code, codes=service.codes) from None
    if not token.scopes & {service.scope, *service.other_scopes}:
        raise refuse(call, "005", codes=service.codes)
    if not token.system_user_id:
        raise refuse_detail(call, "1063", codes=service.codes)
    system_user = rights.system_user_of(call.state, token)
    if system_user is None:
        raise refuse_detail(call, "1015", codes=service.codes)
    return token, system_user


def may_report(call: Call, service: Service, system_user: SystemUser, *, party: str, resource: str = "") -> None:
    """The system user must have the service's resource, and for `party` when that is known.

    Unknown parties are left to `known_party`. For a sub-unit the right of its main unit counts.
    """
    wanted = resource or service.resource_id
    if wanted not in rights.resources_of(call.state, system_user, now=call.now):
        raise refuse_detail(call, "1015", codes=service.codes)
    organisation = call.state.organisations.get(party)
    if organisation is None or not organisation.known:
        return
    owner = organisation.main_unit or party
    if not rights.may_use(call.state, system_user, resource_id=wanted, party_orgnr=owner, now=call.now):
        raise refuse_detail(call, "1015", codes=service.codes)


def year_is_open(call: Call, service: Service, year: str) -> None:
    """The year in the path must have four digits and be open for deliveries."""
    settings = call.state.settings
    if not (year.isascii() and year.isdecimal() and len(year) == 4):
        text = "inntektsaar må være et år med fire sifre"
        raise refuse_detail(call, "1022", text, sti="inntektsaar", value=year, codes=service.codes)
    if not settings.first_year <= int(year) <= settings.last_year:
        raise refuse_detail(call, "1027", sti="inntektsaar", value=year, codes=service.codes)


def known_party(call: Call, service: Service, orgnr: str, *, sti: str) -> None:
    """The party must have nine digits, exist, and be a main unit."""
    is_amelding = service.codes == AMLD  # whose list has neither of these two codes
    if not (orgnr.isdecimal() and len(orgnr) == 9):
        raise refuse_detail(call, "1022" if is_amelding else "1201", sti=sti, value=orgnr, codes=service.codes)
    organisation = call.state.organisations.get(orgnr)
    if organisation is None or not organisation.known:
        raise refuse_detail(call, "1022" if is_amelding else "1055", sti=sti, value=orgnr, codes=service.codes)
    if organisation.main_unit:
        raise refuse_detail(call, "1062", sti=sti, value=orgnr, codes=service.codes)


def replayed(call: Call, service: Service, token: Token, key: str) -> Response | None:
    """The stored answer when the same call was answered before. Refuses a key that was used for another call."""
    stored = call.state.skatteetaten.answers.get(_slot(service, token, key))
    if stored is None:
        return None
    if stored.fingerprint != _fingerprint(call):
        raise refuse(call, "019", codes=service.codes)
    return _as_response(stored)


def remember(
    call: Call, service: Service, token: Token, key: str, *, body: dict[str, Any] | None, status: int = 200
) -> Response:
    """Store `body` as the answer to this key, and return it as a response (None: an empty body)."""
    stored = StoredAnswer(fingerprint=_fingerprint(call), status=status, body=body)
    call.state.skatteetaten.answers[_slot(service, token, key)] = stored
    return _as_response(stored)


def not_too_big(call: Call, service: Service) -> None:
    size = len(call.request.get_data())
    if size > MAX_JSON_BYTES:
        text = "Innsendingen er større enn 10 MB; bruk filopplasting"
        raise refuse_detail(call, "1022", text, sti="body", value=f"{size} byte", codes=service.codes)


def _slot(service: Service, token: Token, key: str) -> str:
    return f"{service.id}|{token.orgnr}|{key}"


def _fingerprint(call: Call) -> str:
    text = f"{call.request.method} {call.request.path}\n".encode() + call.request.get_data()
    return hashlib.sha256(text).hexdigest()


def _as_response(stored: StoredAnswer) -> Response:
    if stored.body is None:
        return Response(b"", status=stored.status, content_type="application/json")
    return as_json(stored.body, status=stored.status)
