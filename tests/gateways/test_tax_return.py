"""The current tax return and the control of a new one: what goes out, and how tolerantly the answers are read."""

from __future__ import annotations

import pytest

from portal.gateways.errors import BrokenReply, Detail
from portal.gateways.skatteetaten.tax_return import Control, TaxReturns, refused
from tests.gateways.remote import Remote

BASE = "https://older.example/api/skattemelding/v2"
GATEWAY = TaxReturns(base_url=BASE)
ORGNR = "310123455"


def answer(inner: str, *, result: str) -> str:
    return f'<response xmlns="urn:any:v3">{inner}<resultatAvValidering>{result}</resultatAvValidering></response>'


def control(remote: Remote, text: str | bytes) -> Control:
    remote.says(text)
    return GATEWAY.control(token="a.b.c", year=2025, orgnr=ORGNR, content=b"<request/>")


def test_the_id_of_the_current_return_is_read_whatever_the_version(remote: Remote) -> None:
    remote.says(
        '<r xmlns="urn:any:v9"><dokumenter><skattemeldingdokument><id> SKI:755:1 </id><content>PD94</content>'
        "</skattemeldingdokument><naeringsspesifikasjondokument><id>2</id></naeringsspesifikasjondokument></dokumenter></r>"
    )

    assert GATEWAY.current(token="a.b.c", year=2025, orgnr=ORGNR) == "SKI:755:1"
    assert (remote.asked.method, str(remote.asked.url)) == ("GET", f"{BASE}/2025/{ORGNR}")


def test_a_return_without_faults(remote: Remote) -> None:
    guidance = "<veiledningEtterKontroll><veiledning><sti>a</sti></veiledning></veiledningEtterKontroll>"

    assert control(remote, answer(guidance, result="validertOK")) == Control()
    assert (remote.asked.method, str(remote.asked.url)) == ("POST", f"{BASE}/valider/2025/{ORGNR}")
    assert (remote.asked.content, remote.asked.headers["Content-Type"]) == (b"<request/>", "application/xml")


def test_faults_say_what_and_where_and_no_amounts(remote: Remote) -> None:
    inner = (
        "<avvikVedValidering><avvik><avvikstype>xmlFeil</avvikstype><sti>a/b</sti><mottattVerdi>12345</mottattVerdi>"
        "</avvik></avvikVedValidering><avvikEtterBeregning><avvik><avvikstype>avvik</avvikstype></avvik></avvikEtterBeregning>"
    )

    found = control(remote, answer(inner, result="validertMedFeil"))

    assert found == Control((Detail("xmlFeil", "", "a/b"), Detail("avvik")))
    assert refused(found).code == "SKATTEMELDING:validertMedFeil"
    assert "12345" not in str(found)


@pytest.mark.parametrize(
    ("inner", "faults"),
    [
        ("", (Detail("validertMedFeil"),)),
        ("<aarsakTilValidertMedFeil>kontroll</aarsakTilValidertMedFeil>", (Detail("kontroll"),)),
    ],
)
def test_a_return_with_faults_that_are_not_told_has_one(remote: Remote, inner: str, faults: tuple[Detail, ...]) -> None:
    assert control(remote, answer(inner, result="validertMedFeil")).faults == faults


def test_a_control_that_failed_says_nothing_of_the_return(remote: Remote) -> None:
    inner = "<avvikVedValidering><avvik><avvikstype>tekniskFeil</avvikstype></avvik></avvikVedValidering>"

    assert control(remote, answer(inner, result="validertMedFeil")).failed


@pytest.mark.parametrize("text", ["", "no xml", "<!DOCTYPE a><a/>", "<a/>", answer("", result="noeAnnet")])
def test_another_answer_is_broken(remote: Remote, text: str) -> None:
    with pytest.raises(BrokenReply):
        control(remote, text)
    with pytest.raises(BrokenReply):
        GATEWAY.current(token="a.b.c", year=2025, orgnr=ORGNR)


def test_comments_and_another_encoding_are_no_hindrance(remote: Remote) -> None:
    text = answer("<!-- versjon 3 -->", result="validertOK")

    assert control(remote, text) == Control()
    assert control(remote, f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16")) == Control()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_answer_that_declares_entities_is_broken(remote: Remote, encoding: str) -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    text = f'<?xml version="1.0" encoding="{encoding}"?>{bomb}{answer("&b;", result="validertOK")}'

    with pytest.raises(BrokenReply):
        control(remote, text.encode(encoding))
