"""One JSON post for a month and an organisation, with the key in the header."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.gateways.errors import BrokenReply, Refused, Unavailable
from portal.gateways.skatteetaten.amelding import Amelding
from portal.gateways.skatteetaten.common import Receipt
from tests.gateways.remote import Remote

BASE = "https://innrapporteringamelding.api.skatteetaten-test.no/v1"
KEY = UUID("0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11")
DIALOG, SENT = "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a12", "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a13"
BODY = b'{"leveranse": {}}\n'


def send() -> Receipt:
    return Amelding(base_url=BASE).send(token="a.b.c", month="2026-03", orgnr="310200379", content=BODY, key=KEY)


def test_month_and_organisation_are_in_the_path_and_the_key_in_the_header_alone(remote: Remote) -> None:
    remote.says({"dialogId": DIALOG, "forsendelseId": SENT, "meldingsId": "m-1"})

    receipt = send()

    asked = remote.asked
    assert (asked.method, str(asked.url)) == ("POST", f"{BASE}/innsending/2026-03/310200379")
    assert (asked.headers["idempotencyKey"], asked.content) == (str(KEY), BODY)
    assert (asked.headers["Content-Type"], asked.headers["Accept"]) == ("application/json", "application/json")
    assert (receipt.dialog_id, receipt.transmission_id, receipt.reference) == (DIALOG, SENT, "m-1")
    assert receipt.raw.startswith(b'{"dialogId"')


@pytest.mark.parametrize("message", [None, 7, "", {}])
def test_a_receipt_without_the_message_id_is_a_receipt(remote: Remote, message: object) -> None:
    remote.says({"dialogId": DIALOG, "dialogelementId": SENT, "meldingsId": message})

    assert (send().transmission_id, send().reference) == (SENT, "")


@pytest.mark.parametrize("body", [{}, [], {"dialogId": DIALOG}, {"dialogId": "x", "forsendelseId": SENT}, b"{"])
def test_an_answer_without_its_ids_is_broken(remote: Remote, body: object) -> None:
    remote.says(body)

    with pytest.raises(BrokenReply):
        send()


def test_a_refusal_has_the_detail_code_and_where_it_is(remote: Remote) -> None:
    detail = {"kode": "AMLD_1052", "melding": "Ulike måneder", "sti": "leveranse.kalendermaaned"}
    remote.says({"kode": "AMLD_010", "melding": "Feil", "korrelasjonsid": "k-1", "spesifisering": [detail]}, 400)

    with pytest.raises(Refused) as refused:
        send()

    assert (refused.value.code, refused.value.correlation_id) == ("AMLD_1052", "k-1")
    assert refused.value.details[0].path == "leveranse.kalendermaaned"


def test_a_fault_behind_the_service_is_a_reason_to_ask_again(remote: Remote) -> None:
    remote.says({"kode": "AMLD_023", "melding": "Feil", "spesifisering": [{"kode": "AMLD_1053"}]}, 500)

    with pytest.raises(Unavailable):
        send()
