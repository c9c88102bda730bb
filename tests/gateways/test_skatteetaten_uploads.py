"""Upload, look, submit and delete: what goes out, and how tolerantly the answers are read."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from portal.gateways.errors import BrokenReply, Refused
from portal.gateways.skatteetaten.uploads import Uploads, refused
from tests.gateways.remote import Remote

BASE = "https://uploads.example/v1"
GATEWAY = Uploads(base_url=BASE)
KEY = UUID("0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11")
ID = "019c6663-aeb0-74ae-91e5-c1c64b6b2579"
DIALOG, SENT = "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a12", "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a13"


def state(status: str = "KLAR_TIL_INNSENDING", *, ident: str = ID, faults: Any = None) -> dict[str, Any]:
    return {"status": status, "id": ident, "feilliste": faults, "sistOppdatertTidspunkt": None}


@pytest.mark.parametrize("media_type", ["application/xml", "application/json"])
def test_the_file_goes_out_as_it_is(remote: Remote, media_type: str) -> None:
    remote.says(state("LASTER_OPP"))

    upload = GATEWAY.upload(token="a.b.c", content=b"<melding/>", media_type=media_type, key=KEY)

    asked = remote.asked
    assert (asked.method, str(asked.url), asked.content) == ("POST", f"{BASE}/opplastinger", b"<melding/>")
    assert (asked.headers["Content-Type"], asked.headers["Accept"]) == (media_type, "application/json")
    assert asked.headers["idempotencyKey"] == str(KEY)
    assert (upload.id, upload.status, upload.faults) == (ID, "LASTER_OPP", ())


@pytest.mark.parametrize(
    "answer", [[state()], state(), [state("LASTER_OPP", ident="another"), state(ident=ID.upper())]], ids=str
)
def test_the_state_is_read_from_a_list_and_from_an_object(remote: Remote, answer: Any) -> None:
    remote.says(answer)

    assert GATEWAY.look(token="a.b.c", upload_id=ID).status == "KLAR_TIL_INNSENDING"
    assert str(remote.asked.url) == f"{BASE}/opplastinger/{ID}"


@pytest.mark.parametrize("answer", [[], [state(ident="1"), state(ident="2")], {"id": ID}, {"status": "X"}, "", [1], 7])
def test_an_answer_without_the_upload_is_broken(remote: Remote, answer: Any) -> None:
    remote.says(json.dumps(answer))

    with pytest.raises(BrokenReply):
        GATEWAY.look(token="a.b.c", upload_id=ID)


def test_the_faults_are_read_whatever_their_members(remote: Remote) -> None:
    faults = [
        {"kode": "GLD_1001", "melding": "Feil", "sti": "a.b"},
        "bare en tekst",
        {"ukjent": 1},
        {"code": "GLD_1070"},
    ]
    remote.says([state("VALIDERING_FEILET", faults=faults)])

    error = refused(GATEWAY.look(token="a.b.c", upload_id=ID), first=("_1070",))

    assert [(one.code, one.path) for one in error.details] == [
        ("GLD_1001", "a.b"), ("", ""), ("", ""), ("GLD_1070", ""),
    ]  # fmt: skip
    assert error.details[1].text == "bare en tekst"
    assert "ukjent" in error.details[2].text
    assert error.code == "GLD_1070"


def test_identity_numbers_in_faults_are_hidden(remote: Remote) -> None:
    remote.says(state("VALIDERING_FEILET", faults=[{"kode": "GLD_1001", "melding": "01010112345 er ukjent"}]))

    error = refused(GATEWAY.look(token="a.b.c", upload_id=ID))

    assert "01010112345" not in str(error.details)


def test_faults_without_a_code_are_told_by_the_status(remote: Remote) -> None:
    remote.says(state("VALIDERING_FEILET"))

    assert refused(GATEWAY.look(token="a.b.c", upload_id=ID)).code == "UPLOAD:VALIDERING_FEILET"


@pytest.mark.parametrize("name", ["oppgavegiversLeveranseReferanse", "meldingsId"])
def test_the_receipt_has_the_senders_reference_of_either_service(remote: Remote, name: str) -> None:
    remote.says({"dialogId": DIALOG, "forsendelseId": SENT, name: "R-1"})

    receipt = GATEWAY.submit(token="a.b.c", upload_id=ID)

    assert (receipt.dialog_id, receipt.transmission_id, receipt.reference) == (DIALOG, SENT, "R-1")
    assert (remote.asked.method, str(remote.asked.url)) == ("PUT", f"{BASE}/innsending")
    assert json.loads(remote.asked.content) == {"id": ID}


def test_an_upload_is_deleted_at_its_own_address(remote: Remote) -> None:
    remote.says(b"")

    GATEWAY.delete(token="a.b.c", upload_id=ID)

    assert (remote.asked.method, str(remote.asked.url)) == ("DELETE", f"{BASE}/opplastinger/{ID}")


def test_an_upload_that_is_gone_is_a_refusal(remote: Remote) -> None:
    remote.says({"kode": "GLD_021", "spesifisering": [{"kode": "GLD_1023"}]}, status=404)

    with pytest.raises(Refused) as caught:
        GATEWAY.delete(token="a.b.c", upload_id=ID)

    assert caught.value.status == 404
