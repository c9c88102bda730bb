"""Which refusals are final: every status with every kind of call, and codes that say more than their status."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

import pytest

from portal.gateways import statuses
from portal.gateways.altinn.register import SystemRegister
from portal.gateways.altinn.requests import SystemUserRequests
from portal.gateways.dialogporten import Dialogporten
from portal.gateways.enhetsregisteret import Enhetsregisteret
from portal.gateways.errors import GatewayError, Refused, Unavailable
from portal.gateways.events import Events
from portal.gateways.maskinporten import Grant, Maskinporten, generate_key
from portal.gateways.skatteetaten.documents import Documents
from portal.gateways.skatteetaten.gld import Gld
from portal.gateways.statuses import Kind, kind_of
from tests.gateways.remote import Remote

BASE, TOKEN, ORGNR = "https://remote.test", "a.b.c", "310987654"
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@cache
def grant() -> Grant:
    kid, pem, _ = generate_key()
    return Grant(client_id="c", kid=kid, private_pem=pem, scopes=("a:b",))


CALLS: dict[str, Callable[[], Any]] = {
    "token": lambda: Maskinporten(base_url=BASE, issuer=f"{BASE}/").token(grant(), at=AT),
    "system": lambda: SystemRegister(platform=BASE).get("310987654_x", token=TOKEN),
    "request": lambda: SystemUserRequests(platform=BASE).get(str(uuid4()), token=TOKEN),
    "send": lambda: Gld(base_url=BASE).send(token=TOKEN, year=2025, content=b"{}", key=uuid4()),
    "document": lambda: Documents(base_url=BASE).document_at(f"{BASE}/d/1", token=TOKEN),
    "transmissions": lambda: Dialogporten(platform=BASE).transmissions(str(uuid4()), token=TOKEN),
    "subscriptions": lambda: list(Events(platform=BASE).list(token=TOKEN)),
    "register": lambda: Enhetsregisteret(base_url=BASE).unit(ORGNR),
}
PASSING = [408, 425, 429, 500, 501, 502, 503, 504, 507, 599]
REFUSING = [400, 401, 402, 403, 405, 406, 409, 411, 412, 413, 415, 418, 421, 423, 428, 431, 451]


@pytest.mark.parametrize("status", PASSING)
@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_a_status_that_passes_is_unavailable_for_every_call(
    remote: Remote, call: Callable[[], Any], status: int
) -> None:
    remote.says({"kode": "GLD_005"}, status=status)

    with pytest.raises(Unavailable) as caught:
        call()

    assert caught.value.status == status
    assert caught.value.maybe_arrived == (status not in (425, 429))


@pytest.mark.parametrize("status", REFUSING)
@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_any_other_status_is_a_refusal_with_a_meaning(remote: Remote, call: Callable[[], Any], status: int) -> None:
    remote.says(b"", status=status)

    with pytest.raises(GatewayError) as caught:
        call()

    error = caught.value
    assert isinstance(error, Refused)
    assert (error.status, kind_of(error)) == (status, statuses.STATUSES.get(status, Kind.FINAL))


def refused(status: int, code: str = "") -> Refused:
    return Refused("no", status=status, code=code)


@pytest.mark.parametrize(
    ("error", "customers", "own"),
    [
        (refused(401), Kind.TOKEN, Kind.TOKEN),
        (refused(401, "GLD_1008"), Kind.TOKEN, Kind.TOKEN),
        (refused(403, "OAR_001"), Kind.TOKEN, Kind.TOKEN),
        (refused(403), Kind.RIGHTS, Kind.OURS),
        (refused(401, "OAR_002"), Kind.RIGHTS, Kind.OURS),
        (refused(403, "GLD_1015"), Kind.RIGHTS, Kind.OURS),
        (refused(400, "MP-303"), Kind.RIGHTS, Kind.OURS),
        (refused(400, "MP-200"), Kind.OURS, Kind.OURS),
        (refused(400, "CLOCK_AHEAD"), Kind.OURS, Kind.OURS),
        (refused(404, "AUTH-00012"), Kind.PASSES, Kind.PASSES),
        (refused(404, "AUTH-00011"), Kind.FINAL, Kind.FINAL),
        (refused(403, "AUTH-00066"), Kind.FINAL, Kind.FINAL),
        (refused(404), Kind.OURS, Kind.OURS),
        (refused(409), Kind.REPEATED, Kind.REPEATED),
        (refused(409, "GLD_019"), Kind.REPEATED, Kind.REPEATED),
        (refused(400, "GLD_1029"), Kind.REPEATED, Kind.REPEATED),
        (refused(410), Kind.GONE, Kind.GONE),
        (refused(400, "GLD_1022"), Kind.FINAL, Kind.FINAL),
        (refused(403, "GLD_1062"), Kind.FINAL, Kind.FINAL),
    ],
    ids=lambda value: f"{value.status} {value.code}" if isinstance(value, Refused) else str(value),
)
def test_a_refusal_is_judged_by_its_code_and_by_whose_token_it_was(error: Refused, customers: Kind, own: Kind) -> None:
    assert (kind_of(error), kind_of(error, own_token=True)) == (customers, own)


@pytest.mark.parametrize(
    ("description", "uri", "code"),
    [
        ("The issue time of the grant is in the future", "", "CLOCK_AHEAD"),
        ("The issue time of the grant is too far in the past", "", "CLOCK_BEHIND"),
        ("Unknown kid for this client", "", "UNKNOWN_KID"),
        ("Client authentication failed. Unknown kid", "https://test.maskinporten.no/errors/MP-100", "UNKNOWN_KID"),
        ("The client has registered keys, so the header needs a kid", "", "MISSING_KID"),
        ("Invalid audience", "", "WRONG_AUDIENCE"),
        ("The grant has expired", "https://test.maskinporten.no/errors/MP-130", "MP-130"),
        ("Client authentication failed", "https://test.maskinporten.no/errors/MP-100", "MP-100"),
        ("Something else", "", "invalid_grant"),
    ],
)
def test_one_code_of_maskinportens_is_told_apart_by_its_text(
    remote: Remote, description: str, uri: str, code: str
) -> None:
    body = {"error": "invalid_grant", "error_description": f"{description} (trace_id: 0af7)", "error_uri": uri}
    remote.says(body, status=400)

    with pytest.raises(Refused) as caught:
        CALLS["token"]()

    assert (caught.value.code, caught.value.text) == (code, description)


def test_dialogporten_has_longer_than_its_own_limit_of_45_seconds(remote: Remote) -> None:
    remote.says({"items": [], "hasNextPage": False})

    Dialogporten(platform=BASE).search(token=TOKEN, order_by="updatedAt_asc", limit=1, parties=["p"])

    assert remote.asked.extensions["timeout"]["read"] > 45


@pytest.mark.parametrize(
    ("code", "status", "is_it"),
    [
        ("GLD_1070", 200, True),
        ("AMLD_1070", 400, True),
        ("UPLOAD:VALIDERING_FEILET", 200, True),
        ("ALTINN_APP:INFECTED", 200, True),
        ("ALTINN_APP:NOT_TAKEN", 409, True),
        ("SKATTEMELDING:validertMedFeil", 200, True),
        ("GLD_010", 400, True),
        ("GLD_1062", 403, True),
        ("HTTP-413", 413, True),
        ("HTTP-415", 415, True),
        ("HTTP-422", 422, True),
        ("GLD_1067", 400, False),
        ("GLD_1016", 400, False),
        ("AMLD_1027", 400, False),
        ("GLD_1028", 400, False),
        ("MP-303", 400, False),
        ("HTTP-403", 403, False),
        ("HTTP-404", 404, False),
        ("HTTP-410", 410, False),
        ("HTTP-418", 418, False),
        ("NOT_READY_IN_TIME", None, False),
    ],
)
def test_what_is_refused_for_its_content_is_refused_again(code: str, status: int | None, is_it: bool) -> None:
    assert statuses.is_about_content(code=code, status=status) is is_it
