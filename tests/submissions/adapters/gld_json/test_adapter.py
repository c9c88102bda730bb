"""Plan, meaning of answers, verdicts and what a person sees; the sandbox is not needed for these."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.gateways.errors import BrokenReply, GatewayError, Refused, Unavailable
from submissions.adapters.base import Candidate, Context, Level, Meaning, Reason, StoredDocument
from tests.submissions.adapters.gld_json.messages import ADAPTER, about, inspect, message

NAMESPACE = "urn:ske:fastsetting:innsamling:grunnlagsdata:tilbakemelding:innsendingstilbakemelding:v2"
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
DOCUMENTS = [StoredDocument(7, "MESSAGE", "a.json")]


def refused(status: int, code: str = "") -> Refused:
    return Refused("x", status=status, code=code)


def test_the_plan_is_one_step_with_a_key_of_its_own_that_may_be_repeated() -> None:
    (step,) = ADAPTER.plan(DOCUMENTS)
    (again,) = ADAPTER.plan(DOCUMENTS)

    assert (step.document_id, step.may_repeat) == (7, True)
    assert step.key is not None
    assert step.key != again.key


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (Unavailable("x"), Meaning.TRY_LATER),
        (Unavailable("x", maybe_arrived=True, status=500, code="GLD_1053"), Meaning.TRY_LATER),
        (BrokenReply("x"), Meaning.TRY_LATER),
        (refused(400, "GLD_1022"), Meaning.FINAL),
        (refused(400, "GLD_1052"), Meaning.FINAL),
        (refused(400), Meaning.FINAL),
        (refused(413), Meaning.FINAL),
        (refused(400, "GLD_1028"), Meaning.OURS_TO_MEND),
        (refused(400, "GLD_1047"), Meaning.OURS_TO_MEND),
        (refused(401, "GLD_1008"), Meaning.OURS_TO_MEND),
        (refused(403, "GLD_1015"), Meaning.WAIT_FOR_RIGHTS),
        (refused(403, "GLD_1063"), Meaning.WAIT_FOR_RIGHTS),
        (refused(403, "GLD_1062"), Meaning.FINAL),
        (refused(404, "GLD_1023"), Meaning.OURS_TO_MEND),
        (refused(405, "GLD_022"), Meaning.OURS_TO_MEND),
        (refused(409, "GLD_019"), Meaning.ALREADY_DELIVERED),
        (refused(409), Meaning.ALREADY_DELIVERED),
    ],
    ids=str,
)
def test_an_answer_means_what_the_contract_says(error: GatewayError, meaning: Meaning) -> None:
    (step,) = ADAPTER.plan(DOCUMENTS)

    assert ADAPTER.meaning(step, error) == meaning


def test_a_delivery_is_located_only_when_it_is_there_for_certain_and_alone() -> None:
    context = Context("https://x", "t", about(), b"{}", None, {}, {})
    one, two = (Candidate("d", f"t{n}", NOW, "") for n in range(2))

    assert ADAPTER.locate(context, [one], is_there=True) == one
    assert ADAPTER.locate(context, [one], is_there=False) is None
    assert ADAPTER.locate(context, [one, two], is_there=True) is None
    assert ADAPTER.locate(context, [], is_there=True) is None


def test_a_second_message_is_one_too_many() -> None:
    reports = [inspect(message()), inspect(message())]

    findings = ADAPTER.check(reports, about())

    assert [(f.level, f.code, f.file) for f in findings] == [(Level.ERROR, "MANY_FILES", "a.json")]
    assert ADAPTER.check(reports[:1], about()) == []
    assert ADAPTER.replaces("MESSAGE", "MESSAGE")


def test_a_person_sees_counts_and_sums_before_sending() -> None:
    value = message("boligselskap")
    for delivery in value["leveranse"]:
        delivery["oppgaveoppsummering"]["sumAndelFormue"] = 1_000_500
    value["leveranse"][1]["sletteoppgave"] = [{}]

    shown = dict(ADAPTER.summary([inspect(value, "boligselskap")], {"MESSAGE": 1}))

    assert (shown["Leveranser"], shown["Oppgaver"], shown["Slettinger"]) == ("2", "6", "1")
    assert shown["Sum andel formue"] == "2\u00a0001\u00a0000"
    assert dict(ADAPTER.summary([inspect(message("egg"), "egg")], {}))["Sum beloep"] == "6\u00a0001,50"
    assert ADAPTER.summary([inspect(b"x")], {}) == []


def delivery(status: str, reference: str = "", *, items: int = 4, rejected: int = 0, warned: int = 0) -> str:
    return f"""<leveranse><leveransestatus>{status}</leveransestatus><leveransereferanse>S-1</leveransereferanse>
    {f"<oppgavegiversleveransereferanse>{reference}</oppgavegiversleveransereferanse>" if reference else ""}
    <oppgaveoppsummering><antallOppgaver>{items}</antallOppgaver><antallAvvisteOppgaver>{rejected}</antallAvvisteOppgaver>
    <antallOppgaverMedVarsel>{warned}</antallOppgaverMedVarsel></oppgaveoppsummering></leveranse>"""


def feedback(*parts: str) -> list[tuple[str, bytes]]:
    xml = f'<tilbakemelding xmlns="{NAMESPACE}"><fil>{"".join(parts)}</fil></tilbakemelding>'
    return [("application/pdf", b"%PDF"), ("application/xml", xml.encode())]


DEVIATION = (
    "<filavvik><avvikskode>SUM</avvikskode><avvikstekst>Feil sum</avvikstekst>"
    "<alvorlighetsgrad>{}</alvorlighetsgrad></filavvik>"
)
REJECTED, WARNED = DEVIATION.format("avvist"), DEVIATION.format("advarsel")


@pytest.mark.parametrize(
    ("kind", "documents", "accepted", "codes"),
    [
        ("Acceptance", [], True, []),
        ("Rejection", [], False, []),
        ("Acceptance", feedback(WARNED, delivery("godkjent")), True, [("SUM", "advarsel")]),
        ("Rejection", feedback(REJECTED, delivery("avvist", rejected=4)), False, [("SUM", "avvist")]),
        ("Information", feedback(delivery("godkjent")), True, []),
        ("Information", feedback(delivery("avvist")), False, []),
        ("Information", feedback(delivery("godkjent"), delivery("avvist")), False, [("leveransestatus", "avvist")]),
        ("Information", feedback(delivery("godkjent", rejected=1)), True, [("antallAvvisteOppgaver", "avvist")]),
        ("Information", feedback(delivery("godkjent", warned=2)), True, [("antallOppgaverMedVarsel", "advarsel")]),
    ],
)
def test_the_verdict_is_the_transmissions_else_that_of_every_leveranse(
    kind: str, documents: list[tuple[str, bytes]], accepted: bool, codes: list[tuple[str, str]]
) -> None:
    verdict = ADAPTER.verdict(kind, documents)

    assert verdict is not None
    assert verdict.accepted is accepted
    assert [(reason.code, reason.severity) for reason in verdict.reasons] == codes


def test_the_leveranse_and_the_items_that_are_rejected_are_named() -> None:
    documents = feedback(delivery("godkjent", "R-1", rejected=3), delivery("avvist", "R-2"))

    verdict: Any = ADAPTER.verdict("Rejection", documents)

    assert verdict.reasons == (
        Reason("antallAvvisteOppgaver", "3 / 4", severity="avvist", where="R-1"),
        Reason("leveransestatus", "avvist", severity="avvist", where="R-2"),
    )


@pytest.mark.parametrize("documents", [[], [("application/pdf", b"%PDF")], [("application/xml", b"<a")]])
def test_nothing_is_decided_without_a_verdict(documents: list[tuple[str, bytes]]) -> None:
    assert ADAPTER.verdict("Information", documents) is None
