"""One JSON post with a key, and the two forms of the receipt."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.gateways.errors import BrokenReply, Refused, Unavailable
from portal.gateways.skatteetaten.gld import Gld, GldReceipt, Received
from tests.gateways.remote import Remote

BASE = "https://innrapporteringboligsameie.api.skatteetaten-test.no/v1"
GATEWAY = Gld(base_url=BASE)
KEY = UUID("0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11")
DIALOG, SENT = "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a12", "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a13"
IDS = {"dialogId": DIALOG, "forsendelseId": SENT}
BODY = b'{"leveranse": {}}\n'


def send() -> GldReceipt:
    return GATEWAY.send(token="a.b.c", year=2025, content=BODY, key=KEY)


def test_the_file_goes_out_as_it_is_with_its_key(remote: Remote) -> None:
    remote.says(IDS)

    send()

    asked = remote.asked
    assert (asked.method, str(asked.url), asked.content) == ("POST", f"{BASE}/2025", BODY)
    assert asked.headers["idempotencyKey"] == str(KEY)
    assert (asked.headers["Content-Type"], asked.headers["Accept"]) == ("application/json", "application/json")


def test_the_receipt_has_the_ids_the_counters_and_the_answer_itself(remote: Remote) -> None:
    remote.says({**IDS, "oppgavegiversLeveranseReferanse": "R-1", "antallSletteoppgaver": 2, "antallOppgaver": 3})

    receipt = send()

    assert (receipt.dialog_id, receipt.transmission_id, receipt.reference) == (DIALOG, SENT, "R-1")
    assert receipt.deliveries == (Received("R-1", "", 3, 2),)
    assert receipt.raw.startswith(b'{"dialogId"')


def test_boligselskap_answers_for_each_purpose(remote: Remote) -> None:
    entries = [
        {"boligselskapFormaal": "bolig", "oppgavegiversLeveranseReferanse": "R-1", "antallOppgaver": 3},
        {"boligselskapFormaal": "ikkeBolig", "oppgavegiversLeveranseReferanse": "R-2", "antallSletteoppgaver": 1},
        {"boligselskapFormaal": "fritidsboligNorge", "oppgavegiversLeveranseReferanse": "R-1"},
    ]
    remote.says({**IDS, "leveranseformaal": entries})

    receipt = send()

    assert receipt.deliveries[0] == Received("R-1", "bolig", 3, None)
    assert receipt.deliveries[1] == Received("R-2", "ikkeBolig", None, 1)
    assert receipt.reference == "R-1, R-2"


def test_the_older_name_of_the_transmission_is_read(remote: Remote) -> None:
    remote.says({"dialogId": DIALOG, "dialogelementId": SENT.upper()})

    assert send().transmission_id == SENT


@pytest.mark.parametrize(
    "extra",
    [
        {"antallOppgaver": "3", "oppgavegiversLeveranseReferanse": None},
        {"antallOppgaver": True, "oppgavegiversLeveranseReferanse": 7},
        {"leveranseformaal": None, "nytt": {}},
        {"leveranseformaal": [{}]},
    ],
)
def test_counters_that_cannot_be_read_do_not_lose_the_ids(remote: Remote, extra: dict[str, object]) -> None:
    remote.says({**IDS, **extra})

    receipt = send()

    assert (receipt.dialog_id, receipt.reference, receipt.deliveries) == (DIALOG, "", (Received(),))


@pytest.mark.parametrize(
    "body", [{}, [], 7, b"", b"<html>", {"dialogId": DIALOG}, {"dialogId": "x", "forsendelseId": SENT}]
)
def test_a_receipt_without_ids_is_a_broken_reply(remote: Remote, body: object) -> None:
    remote.says(body)

    with pytest.raises(BrokenReply):
        send()


def test_a_refusal_has_its_details_and_no_national_identity_number(remote: Remote) -> None:
    detail = {
        "kode": "GLD_1022",
        "melding": "Feil",
        "sti": "leveranse.oppgave[0].oppgaveeier",
        "angittVerdi": "01018012345",
    }
    remote.says({"kode": "GLD_010", "melding": "x", "korrelasjonsid": "k-1", "spesifisering": [detail]}, status=400)

    with pytest.raises(Refused) as caught:
        send()

    assert (caught.value.code, caught.value.correlation_id) == ("GLD_1022", "k-1")
    assert caught.value.details[0].path == "leveranse.oppgave[0].oppgaveeier"
    assert "01018012345" not in caught.value.details[0].given


def test_nothing_is_sent_twice_by_itself(remote: Remote) -> None:
    remote.says(status=500)

    with pytest.raises(Unavailable) as caught:
        send()

    assert caught.value.maybe_arrived
    assert len(remote.requests) == 1
