"""RF-1086 in three steps, its receipts in both spellings, and documents: no token ever goes to a strange host."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.gateways.errors import BrokenReply, Refused, Unavailable
from portal.gateways.skatteetaten.common import Fetched, Receipt
from portal.gateways.skatteetaten.documents import Documents, ForeignAddress
from portal.gateways.skatteetaten.rf1086 import EarlierForm, Prefill, Rf1086
from tests.gateways.remote import Remote

BASE = "https://api-test.sits.no/api/aksjonaerregister/v1"
GATEWAY = Rf1086(base_url=BASE)
DOCUMENTS = Documents(base_url=BASE, hosts=["api-test.sits.no", "*.api.skatteetaten-test.no"])
KEY = UUID("0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11")
DIALOG, SENT = "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a12", "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a13"
TOKEN = "a.b.c"


# sending


@pytest.mark.parametrize(
    ("payload", "main_id"),
    [({"hovedskjemaId": "h-1"}, "h-1"), ({"hovedskjemaid": "h-1"}, "h-1"), ({"hovedskjemaId": 7}, "7")],
)
def test_the_main_forms_id_is_read_in_both_spellings(remote: Remote, payload: dict[str, object], main_id: str) -> None:
    remote.says(payload)

    assert GATEWAY.send_main(token=TOKEN, year=2025, xml=b"<Skjema/>", key=KEY) == main_id


def test_the_main_form_goes_out_with_its_key(remote: Remote) -> None:
    remote.says({"hovedskjemaId": "h-1"})

    GATEWAY.send_main(token=TOKEN, year=2025, xml=b"<Skjema/>", key=KEY)

    sent = remote.asked
    assert (sent.method, str(sent.url), sent.content) == ("POST", f"{BASE}/2025/1086H", b"<Skjema/>")
    assert sent.headers["idempotencyKey"] == str(KEY)
    assert (sent.headers["Content-Type"], sent.headers["Accept"]) == ("application/xml", "application/json")


def test_a_sub_form_is_done_when_nothing_is_answered(remote: Remote) -> None:
    remote.says(b"")

    GATEWAY.send_part(token=TOKEN, year=2025, main_id="h/1", xml=b"<Skjema/>", key=KEY)

    assert remote.asked.url.raw_path == b"/api/aksjonaerregister/v1/2025/h%2F1/1086U"
    assert remote.asked.headers["idempotencyKey"] == str(KEY)


@pytest.mark.parametrize("name", ["forsendelseId", "dialogelementId"])
def test_the_receipt_is_read_under_both_names(remote: Remote, name: str) -> None:
    remote.says({"dialogId": DIALOG, name: SENT.upper(), "oppgavegiversLeveranseReferanse": "REF-1"})

    receipt = GATEWAY.confirm(token=TOKEN, year=2025, main_id="h-1", parts=3)

    assert receipt == Receipt(DIALOG, SENT, "REF-1")
    assert str(remote.asked.url) == f"{BASE}/2025/h-1/bekreft?antall_underskjema=3"


def test_the_confirmation_has_no_key(remote: Remote) -> None:
    remote.says({"dialogId": DIALOG, "forsendelseId": SENT})

    GATEWAY.confirm(token=TOKEN, year=2025, main_id="h-1", parts=3)

    assert "idempotencykey" not in remote.asked.headers


@pytest.mark.parametrize(
    "payload",
    [{}, [], {"hovedskjemaId": None, "hovedskjemaid": None}, {"hovedskjemaId": {"a": 1}}, {"hovedskjemaId": ".."}],
)
def test_a_main_form_without_an_id_is_a_broken_reply(remote: Remote, payload: object) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        GATEWAY.send_main(token=TOKEN, year=2025, xml=b"<Skjema/>", key=KEY)


@pytest.mark.parametrize("payload", [{}, {"dialogId": "x", "forsendelseId": SENT}, {"dialogId": DIALOG}])
def test_a_receipt_without_ids_is_a_broken_reply(remote: Remote, payload: object) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        GATEWAY.confirm(token=TOKEN, year=2025, main_id="h-1", parts=1)


def test_a_second_confirmation_is_a_refusal_with_its_code(remote: Remote) -> None:
    remote.says({"kode": "GLD_011", "melding": "x", "spesifisering": [{"kode": "GLD_1029"}]}, status=400)

    with pytest.raises(Refused) as caught:
        GATEWAY.confirm(token=TOKEN, year=2025, main_id="h-1", parts=1)

    assert caught.value.code == "GLD_1029"


def test_nothing_is_sent_twice_by_itself(remote: Remote) -> None:
    remote.says(status=500)

    with pytest.raises(Unavailable) as caught:
        GATEWAY.confirm(token=TOKEN, year=2025, main_id="h-1", parts=1)

    assert caught.value.maybe_arrived
    assert len(remote.requests) == 1


# the year before

PAGE = {
    "totalItems": 3,
    "totalPages": 1,
    "currentPage": 0,
    "oppgaveStatus": "AVVIST",
    "dokumenter": [{"aksjeklasse": "ordinaer", "namespace": "n", "dokument": "<Skjema/>"}, {"dokument": "<Skjema/>"}],
}


def test_the_report_of_the_year_before_is_read_with_its_status(remote: Remote) -> None:
    remote.says(PAGE)

    answer = GATEWAY.prefill(token=TOKEN, year=2026, orgnr="310629499", page=1)

    forms = (EarlierForm("ordinaer", "n", "<Skjema/>"), EarlierForm("", "", "<Skjema/>"))
    assert answer == Prefill("AVVIST", 3, 1, 0, forms)
    assert str(remote.asked.url) == f"{BASE}/prefill/2026/310629499?page=1"
    assert "Skjema" not in repr(answer)


def test_no_report_of_the_year_before_is_no_error(remote: Remote) -> None:
    remote.says({"kode": "GLD_021", "melding": "x", "spesifisering": []}, status=404)

    assert GATEWAY.prefill(token=TOKEN, year=2026, orgnr="310629499") is None


def test_a_wrong_address_is_not_taken_for_no_report(remote: Remote) -> None:
    remote.says({"kode": "GLD_021", "melding": "x", "spesifisering": [{"kode": "GLD_1023"}]}, status=404)

    with pytest.raises(Refused):
        GATEWAY.prefill(token=TOKEN, year=2026, orgnr="310629499")


@pytest.mark.parametrize(
    "payload", [{}, [], {"dokumenter": [{}]}, {"dokumenter": None}, {**PAGE, "totalItems": "mange"}]
)
def test_a_page_of_another_shape_is_a_broken_reply(remote: Remote, payload: object) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        GATEWAY.prefill(token=TOKEN, year=2026, orgnr="310629499")


# documents


def test_the_submitted_forms_come_a_page_at_a_time(remote: Remote) -> None:
    remote.says({"dokumenter": ["<Skjema/>"]})

    forms = GATEWAY.submitted_forms(token=TOKEN, year=2025, transmission_id=SENT, page=1)

    assert forms == ["<Skjema/>"]
    assert str(remote.asked.url) == f"{BASE}/2025/forsendelser/{SENT}/dokumenter?page=1&size=50"


def test_a_document_comes_with_its_type_and_name(remote: Remote) -> None:
    remote.says(
        b"%PDF", content_type="application/pdf; charset=x", content_disposition='attachment; filename="svar.pdf"'
    )

    fetched = DOCUMENTS.document(token=TOKEN, year=2025, transmission_id=SENT, document_id=DIALOG)

    assert fetched == Fetched(b"%PDF", "application/pdf", "svar.pdf")
    assert str(remote.asked.url) == f"{BASE}/2025/forsendelser/{SENT}/dokumenter/{DIALOG}"


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        ("attachment; filename=svar.pdf", "svar.pdf"),
        ("attachment; filename*=UTF-8''tilbakemelding%20%C3%A5r.xml", "tilbakemelding år.xml"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\svar.pdf"', "svar.pdf"),
        ("attachment", ""),
        ("", ""),
    ],
)
def test_a_documents_name_is_a_name_and_no_path(remote: Remote, header: str, filename: str) -> None:
    remote.says(b"x", content_disposition=header)

    assert DOCUMENTS.document_at(f"{BASE}/x", token=TOKEN).filename == filename


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/2025/forsendelser/x",
        "https://API-test.sits.no:443/api/x",
        "https://innrapporteringegg.api.skatteetaten-test.no/v1/x?y=1",
        "HTTPS://amelding.api.skatteetaten-test.no/v1/x",
    ],
)
def test_a_document_is_fetched_from_skatteetatens_own_hosts(remote: Remote, url: str) -> None:
    remote.says(b"x")

    assert DOCUMENTS.document_at(url, token=TOKEN).content == b"x"
    assert remote.asked.url.host in ("api-test.sits.no", url.lower().split("/")[2])


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/x",
        "http://api-test.sits.no/api/x",
        "https://api-test.sits.no:8443/api/x",
        "https://api-test.sits.no.evil.test/x",
        "https://evil-api-test.sits.no/x",
        "https://api-test.sits.no@evil.test/x",
        "https://user:pass@api-test.sits.no/x",
        "https://evil.test/.api.skatteetaten-test.no",
        "https://evil.test#.api.skatteetaten-test.no",
        "https://evil.test?.api.skatteetaten-test.no",
        "https://evil.test\\.api.skatteetaten-test.no/x",
        "https://evil.test%2F.api.skatteetaten-test.no/x",
        "https://a:b.api.skatteetaten-test.no/x",
        "https://[::1].api.skatteetaten-test.no/x",
        "https://x.api.skatteetaten-test.no\n.evil.test/",
        "https://api.skatteetaten-test.no/x",
        "https://[evil",
        "//api-test.sits.no/x",
        "/api/x",
        "ftp://api-test.sits.no/x",
        "urn:dialogporten:unauthorized",
        "",
    ],
)  # fmt: skip
def test_a_token_is_never_sent_anywhere_else(remote: Remote, url: str) -> None:
    remote.says(b"x")

    with pytest.raises(ForeignAddress) as caught:
        DOCUMENTS.document_at(url, token=TOKEN)

    assert remote.requests == []
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("ident", ["", ".", ".."])
def test_an_id_that_would_climb_is_never_sent(remote: Remote, ident: str) -> None:
    with pytest.raises(ValueError, match="id"):
        DOCUMENTS.document(token=TOKEN, year=2025, transmission_id=ident, document_id=DIALOG)

    assert remote.requests == []


def test_a_document_is_not_seen_by_chance() -> None:
    assert "01020312345" not in repr(Fetched(b"01020312345", "text/plain", ""))
