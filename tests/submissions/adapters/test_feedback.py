"""Skatteetaten's answer is read whatever namespace and shape it comes in; what cannot be read raises one error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from submissions import safe_xml
from submissions.adapters.feedback import UnreadableFeedback, read_feedback

GLD = "urn:ske:fastsetting:innsamling:grunnlagsdata:tilbakemelding:innsendingstilbakemelding:v2"
NAMESPACES = [
    GLD,
    "urn:ske:fastsetting:innsamling:aksjonaeroppgave:ar_til_mag:v0_1",
    "urn:ske:fastsetting:innsamling:leveransetilbakemelding:v2",
    "",
]
AVVIK = """<avvik><avvikskode>AR_017</avvikskode><avvikstekst>Antall &lt;stemmer&gt; ikke</avvikstekst>
<beskrivelse>110 mot 100</beskrivelse><veiledning>Rett antallet</veiledning>
<alvorlighetsgrad>avvist</alvorlighetsgrad></avvik>"""


def document(status: str, *, avvik: str = "", namespace: str = GLD) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?><tilbakemelding xmlns="{namespace}">
    <innsending><innsendingstidspunkt>2026-01-20T10:00:00Z</innsendingstidspunkt></innsending>
    <leveranse><leveranseoppsummering><leveransestatus>{status}</leveransestatus>
    <vaarLeveransereferanse>AR-2025-1</vaarLeveransereferanse></leveranseoppsummering>{avvik}</leveranse>
    </tilbakemelding>""".encode()


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize(("status", "verdict"), [("godkjent", True), (" Avvist ", False), ("underveis", None)])
def test_the_verdict_is_found_in_any_namespace(namespace, status, verdict):
    feedback = read_feedback(document(status, namespace=namespace), "application/xml")

    assert feedback.accepted is verdict
    assert feedback.reference == "AR-2025-1"
    assert feedback.decided_at == datetime(2026, 1, 20, 10, tzinfo=UTC)


def test_a_reason_is_kept_in_the_words_it_came_in():
    (reason,) = read_feedback(document("avvist", avvik=AVVIK), "application/xml").reasons

    assert (reason.code, reason.text) == ("AR_017", "Antall <stemmer> ikke")
    assert (reason.description, reason.guidance, reason.severity) == ("110 mot 100", "Rett antallet", "avvist")


def test_an_accepted_delivery_keeps_its_warnings():
    feedback = read_feedback(document("godkjent", avvik=AVVIK.replace("avvist", "advarsel")), "text/xml")

    assert feedback.accepted is True
    assert [reason.severity for reason in feedback.reasons] == ["advarsel"]


def test_one_rejected_delivery_of_two_is_a_rejection():
    two = document("godkjent").replace(b"</leveranse>", b"</leveranse><a><leveransestatus>avvist</leveransestatus></a>")

    assert read_feedback(two, "application/xml").accepted is False


def test_a_rejected_file_without_a_delivery_is_a_rejection():
    content = f'<t xmlns="{GLD}"><fil>{AVVIK.replace("avvik>", "filavvik>")}</fil></t>'.encode()

    feedback = read_feedback(content, "application/xml")

    assert feedback.accepted is False
    assert [reason.code for reason in feedback.reasons] == ["AR_017"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"mottak": {"mottakstatus": "AVVIST", "avvik": [{"avvikskode": "A1", "avvikstekst": "Feil"}]}}',
        b'{"mottakstatus": "avvist", "avvik": [{"kode": "A1", "melding": "Feil"}]}',
        b'[{"mottak": {"mottakstatus": "Avvist", "avvik": [{"kode": "A1", "beskrivelse": "Feil"}]}}]',
    ],
)
def test_json_is_read_in_the_shapes_that_were_seen(content):
    feedback = read_feedback(content, "application/json; charset=utf-8")

    assert feedback.accepted is False
    assert [(reason.code, reason.text) for reason in feedback.reasons] == [("A1", "Feil")]


def test_json_that_was_taken_in_is_an_acceptance_with_its_reference():
    feedback = read_feedback(b'{"meldingsId": "m-1", "mottak": {"mottakstatus": "MOTTATT", "avvik": []}}', "text/plain")

    assert (feedback.accepted, feedback.reference, feedback.reasons) == (True, "m-1", ())


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "application/xml"),
        (b"%PDF-1.7", "application/xml"),
        (b"<tilbakemelding>", "application/xml"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "application/xml"),
        (b"{", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'"tekst"', "application/json"),
        (b'{"noe": "annet"}', "application/json"),
        (b'{"mottakstatus": "\xff"}', "application/json"),
    ],
)
def test_what_cannot_be_read_raises_and_quotes_nothing(content, media_type):
    with pytest.raises(UnreadableFeedback) as caught:
        read_feedback(content, media_type)

    assert len(str(caught.value)) < 40


def test_a_flood_of_reasons_and_endless_texts_are_cut():
    flood = AVVIK.replace("110 mot 100", "x" * 5000) * 1000

    feedback = read_feedback(document("avvist", avvik=flood), "application/xml")

    assert len(feedback.reasons) == 500
    assert len(feedback.reasons[0].description) == 2000


REJECTED = document("avvist", avvik=AVVIK.replace("110", "Ærlig feil: 110"))
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'


@pytest.mark.parametrize(
    "content",
    [
        REJECTED.replace(b"UTF-8", b"utf-16"),
        REJECTED.replace(b"UTF-8", b"ISO-8859-1"),
        REJECTED.replace(b"UTF-8", b"x-unknown"),
        b"\xef\xbb\xbf" + REJECTED.replace(b"UTF-8", b"utf-16"),
        REJECTED.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1"),
        REJECTED.decode().encode("cp1252"),
        REJECTED.decode().encode("utf-16"),
        REJECTED.decode().encode("utf-16-le"),
        REJECTED.decode().encode("utf-16-be"),
        b"\r\n\n  " + REJECTED,
        REJECTED.replace(HEAD, HEAD + b'\n<!DOCTYPE tilbakemelding SYSTEM "tilbakemelding.dtd">'),
        REJECTED.replace(HEAD, b"<!DOCTYPE tilbakemelding>"),
    ],
)
def test_feedback_is_read_whatever_its_first_line_says(content):
    feedback = read_feedback(content, "application/xml")

    assert feedback.accepted is False
    assert [(reason.code, reason.description) for reason in feedback.reasons] == [("AR_017", "Ærlig feil: 110 mot 100")]


def test_the_limits_of_feedback_are_those_of_an_upload():
    deep = b"<a>" * 500 + b"</a>" * 500
    many = b"<t>" + b"<b/>" * (safe_xml.MAX_TAGS + 1) + b"</t>"

    for content in (deep, many, b"<t>" + b"x" * safe_xml.MAX_BYTES + b"</t>"):
        with pytest.raises(UnreadableFeedback):
            read_feedback(content, "application/xml")


def test_half_a_character_in_a_text_can_be_stored_and_shown():
    content = rb'{"mottak": {"mottakstatus": "avvist", "avvik": [{"kode": "X", "melding": "Kari \ud83d\u0000"}]}}'

    assert read_feedback(content, "application/json").reasons[0].text == "Kari \ufffd\ufffd"
