"""RF-1086 in three steps: its states, its documents, and the content check of a package."""

from __future__ import annotations

import uuid
from typing import Any
from xml.etree import ElementTree

import pytest

from .tax_rig import COUNTRY, CUSTOMER, NAME, OTHER, RF1086, SYSTEM_USER, Rig, codes, field, group, main_form, sub_form

NAMESPACE = "{urn:ske:fastsetting:innsamling:aksjonaeroppgave:ar_til_mag:v0_1}"
BOUGHT = "AksjerKjopAntall-datadef-12153"
HOLDERS = ("310629499", "213456784")


@pytest.fixture
def rig() -> Rig:
    return Rig()


def found_codes(rig: Rig, main: str, parts: list[str]) -> tuple[str, list[str]]:
    """The verdict on a package and the codes of its findings."""
    feedback: dict[str, Any] = rig.feedback(rig.report_shares(main, parts)["forsendelseId"])
    return feedback["verdict"], [finding["code"] for finding in feedback["findings"]]


# the three steps


def test_the_main_form_answers_with_its_id_alone(rig: Rig) -> None:
    receipt = rig.main_form().json()

    assert list(receipt) == ["hovedskjemaId"]
    assert uuid.UUID(receipt["hovedskjemaId"]).version == 7


def test_a_sub_form_answers_200_with_an_empty_body(rig: Rig) -> None:
    response = rig.sub_form(rig.main_form().json()["hovedskjemaId"])

    assert (response.status_code, response.content) == (200, b"")


def test_the_reference_in_the_receipt_is_the_id_of_the_main_form(rig: Rig) -> None:
    main_id = rig.main_form().json()["hovedskjemaId"]
    rig.sub_form(main_id)

    receipt = rig.confirm(main_id).json()

    assert receipt["oppgavegiversLeveranseReferanse"] == main_id
    assert set(receipt) == {"oppgavegiversLeveranseReferanse", "dialogId", "forsendelseId"}


def test_a_sub_form_sent_again_with_its_key_counts_once(rig: Rig) -> None:
    main_id, key = rig.main_form().json()["hovedskjemaId"], str(uuid.uuid4())

    again = [rig.sub_form(main_id, idempotencyKey=key).status_code for _ in range(2)]

    assert again == [200, 200]
    assert rig.confirm(main_id, 1).status_code == 200


def test_a_sub_form_to_an_unknown_main_form_is_1016(rig: Rig) -> None:
    assert codes(rig.sub_form(str(uuid.uuid4()))) == (400, "GLD_011", "GLD_1016")


def test_a_confirmation_of_an_unknown_main_form_is_1016(rig: Rig) -> None:
    assert codes(rig.confirm(str(uuid.uuid4()))) == (400, "GLD_011", "GLD_1016")


def test_a_main_form_of_another_year_is_1016(rig: Rig) -> None:
    main_id = rig.main_form(main_form(year="2024"), year="2024").json()["hovedskjemaId"]

    assert codes(rig.confirm(main_id)) == (400, "GLD_011", "GLD_1016")


def test_a_confirmation_without_sub_forms_is_1026(rig: Rig) -> None:
    main_id = rig.main_form().json()["hovedskjemaId"]

    assert codes(rig.confirm(main_id, 0)) == (400, "GLD_011", "GLD_1026")


def test_a_confirmation_with_another_count_is_1018(rig: Rig) -> None:
    main_id = rig.main_form().json()["hovedskjemaId"]
    rig.sub_form(main_id)

    assert codes(rig.confirm(main_id, 2)) == (400, "GLD_011", "GLD_1018")


@pytest.mark.parametrize("count", ["", "en", "-1"])
def test_a_confirmation_without_a_count_is_1022(rig: Rig, count: str) -> None:
    main_id = rig.main_form().json()["hovedskjemaId"]
    rig.sub_form(main_id)

    assert codes(rig.confirm(main_id, count)) == (400, "GLD_006", "GLD_1022")


def test_a_second_confirmation_is_1029_and_gives_no_ids(rig: Rig) -> None:
    main_id = rig.main_form().json()["hovedskjemaId"]
    rig.sub_form(main_id)
    rig.confirm(main_id)

    again = rig.confirm(main_id)

    assert codes(again) == (400, "GLD_011", "GLD_1029")
    assert "dialogId" not in again.json()
    assert len(rig.http.get("/control/submissions").json()) == 1


def test_a_new_sub_form_after_the_confirmation_is_1029(rig: Rig) -> None:
    main_id = rig.report_shares()["oppgavegiversLeveranseReferanse"]

    assert codes(rig.sub_form(main_id)) == (400, "GLD_011", "GLD_1029")


def test_a_confirmation_whose_answer_was_lost_has_gone_through(rig: Rig) -> None:
    main_id = rig.main_form().json()["hovedskjemaId"]
    rig.sub_form(main_id)
    rig.http.post("/control/faults", json={"service": "skatteetaten", "kind": "lost"})

    with pytest.raises(Exception, match="lost"):
        rig.confirm(main_id)

    assert len(rig.http.get("/control/submissions").json()) == 1
    assert codes(rig.confirm(main_id))[2] == "GLD_1029"


# the format of the forms


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (main_form().replace("12144", "12145"), "/Skjema/@spesifikasjonsnummer"),
        (main_form().replace('orid="692"', 'orid="1"'), "Inntektsar-datadef-692/@orid"),
        (main_form(shares=100).replace(">100<", ">mange<"), "AksjerMvAntallFjoraret-datadef-29166"),
        (main_form().replace("Skjema ", 'Skjema xmlns="urn:x" '), "/"),
        (main_form().replace("AksjekapitalFjoraret-datadef-7129", "Annet"), "Annet"),
    ],
)
def test_a_form_that_the_schema_would_refuse_is_010_with_the_path(rig: Rig, text: str, path: str) -> None:
    response = rig.main_form(text)

    assert codes(response) == (400, "GLD_010", "GLD_1001")
    assert path in [entry["sti"] for entry in response.json()["spesifisering"]]


def test_a_sub_form_without_a_shareholder_group_is_refused(rig: Rig) -> None:
    text = sub_form().replace("NorskUtenlandskAksjonar-grp-3988", "Annen-grp-3988")

    response = rig.sub_form(rig.main_form().json()["hovedskjemaId"], text)

    assert codes(response) == (400, "GLD_010", "GLD_1001")


def test_a_national_identity_number_of_the_wrong_form_is_not_repeated(rig: Rig) -> None:
    text = sub_form(holder="").replace(
        "</NorskUtenlandskAksjonar",
        field("AksjonarFodselsnummer-datadef-1156", "0101901234") + "</NorskUtenlandskAksjonar",
    )

    response = rig.sub_form(rig.main_form().json()["hovedskjemaId"], text)

    assert response.status_code == 400
    assert "0101901234" not in response.text


def test_a_form_in_another_encoding_is_read(rig: Rig) -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>' + main_form().replace(
        "<AksjeType", field("EnhetNavn-datadef-1", "Blå Øks AS") + "<AksjeType"
    )

    response = rig.http.post(f"{RF1086}/2025/1086H", content=text.encode("latin-1"), headers=rig.headers())

    assert response.status_code == 200


# the content check


def test_a_package_that_adds_up_is_accepted(rig: Rig) -> None:
    parts = [sub_form(holder=HOLDERS[0], shares=60, last_year=60), sub_form(holder=HOLDERS[1], shares=40, last_year=40)]

    assert found_codes(rig, main_form(), parts) == ("accepted", [])


@pytest.mark.parametrize(("nominal", "expected"), [("297.029703", []), ("297.129703", ["AKSJEKAPITAL"])])
def test_a_nominal_value_counts_with_its_six_decimals(rig: Rig, nominal: str, expected: list[str]) -> None:
    main = main_form(shares=101, last_year=101)
    for post in ("AksjeMvPalydendeFjoraret-datadef-23944", "AksjeMvPalydende-datadef-23945"):
        main = main.replace(field(post, 10), field(post, nominal))
    main = main.replace(">1010</Aksjekapital", ">30000</Aksjekapital")

    _verdict, found = found_codes(rig, main, [sub_form(shares=101, last_year=101)])

    assert found == expected


def test_shares_that_do_not_add_up_at_the_years_end_are_rejected(rig: Rig) -> None:
    part = sub_form(shares=90, last_year=90)

    assert found_codes(rig, main_form(), [part]) == ("rejected", ["ANTALL_AKSJER", "ANTALL_AKSJER_FJORAARET"])


def test_shares_that_do_not_add_up_for_last_year_are_rejected(rig: Rig) -> None:
    part = sub_form(shares=100, last_year=40, more=field(BOUGHT, 60))

    assert found_codes(rig, main_form(), [part]) == ("rejected", ["ANTALL_AKSJER_FJORAARET"])


def test_a_shareholder_whose_trades_do_not_explain_the_shares_is_rejected(rig: Rig) -> None:
    parts = [sub_form(shares=60, last_year=50), sub_form(holder=HOLDERS[1], shares=40, last_year=50)]

    assert found_codes(rig, main_form(), parts) == ("rejected", ["BEVEGELSE_AKSJONAER", "BEVEGELSE_AKSJONAER"])


def test_a_company_whose_changes_do_not_explain_its_shares_is_rejected(rig: Rig) -> None:
    part = sub_form(shares=100, last_year=0, more=field(BOUGHT, 100))

    assert found_codes(rig, main_form(last_year=0), [part]) == ("rejected", ["BEVEGELSE_SELSKAP"])


def test_the_same_shareholder_twice_is_rejected(rig: Rig) -> None:
    parts = [sub_form(shares=60, last_year=60), sub_form(shares=40, last_year=40)]

    assert found_codes(rig, main_form(), parts) == ("rejected", ["AKSJONAER_TO_GANGER"])


@pytest.mark.parametrize("fields", [(), (NAME,), (COUNTRY,)])
def test_a_shareholder_without_a_number_or_name_and_country_is_refused(rig: Rig, fields: tuple[str, ...]) -> None:
    response = rig.sub_form(rig.main_form().json()["hovedskjemaId"], sub_form(holder="", about="".join(fields)))

    assert codes(response) == (400, "GLD_010", "GLD_1001")
    assert "navn og land" in response.json()["spesifisering"][0]["melding"]


def test_a_shareholder_with_name_and_country_needs_no_number(rig: Rig) -> None:
    assert found_codes(rig, main_form(), [sub_form(holder="", about=NAME + COUNTRY)]) == ("accepted", [])


def test_a_shareholder_with_a_wrong_check_digit_is_rejected(rig: Rig) -> None:
    assert found_codes(rig, main_form(), [sub_form(holder="310629498")]) == ("rejected", ["AKSJONAER_ORGNR"])


def test_a_sub_form_of_another_share_class_is_rejected(rig: Rig) -> None:
    assert found_codes(rig, main_form(), [sub_form(share_class="02")]) == ("rejected", ["AKSJEKLASSE"])


def test_dividends_that_do_not_add_up_give_a_warning(rig: Rig) -> None:
    part = sub_form(more=field("Aksjeutbytte-datadef-29169", 500))

    assert found_codes(rig, main_form(), [part]) == ("warning", ["UTBYTTE"])


def test_a_rejection_tells_code_text_description_guidance_and_gravity(rig: Rig) -> None:
    receipt = rig.report_shares(parts=[sub_form(shares=90, last_year=100, more="")])
    feedback = rig.feedback(receipt["forsendelseId"])

    root = ElementTree.fromstring(rig.document(feedback["id"], feedback["xml_id"]).text)  # noqa: S314 - our own answer

    first = next(root.iter(f"{NAMESPACE}avvik"))
    names = [child.tag.removeprefix(NAMESPACE) for child in first]
    assert root.tag == f"{NAMESPACE}tilbakemelding"
    assert names == ["avvikskode", "avvikstekst", "beskrivelse", "veiledning", "alvorlighetsgrad"]
    assert first.findtext(f"{NAMESPACE}alvorlighetsgrad") == "avvist"
    assert root.findtext(f".//{NAMESPACE}leveransestatus") == "avvist"


@pytest.mark.parametrize("code", ["S", "ordinaer"])
def test_a_code_outside_the_published_list_is_refused(rig: Rig, code: str) -> None:
    row = group("AksjerIAvgang-grp-4002", field("AksjerArvMvOmsattType-datadef-17753", code))
    sold = sub_form(more=group("SalgArvGaveLikvidasjonPartiellLikvidasjonMv-grp-3995", row))
    text = sold if code == "S" else sub_form(share_class=code)

    response = rig.sub_form(rig.main_form().json()["hovedskjemaId"], text)

    assert codes(response) == (400, "GLD_010", "GLD_1001")
    assert "listen" in response.json()["spesifisering"][0]["melding"]


def test_line_ends_around_a_code_are_read(rig: Rig) -> None:
    text = main_form().replace(">01<", ">01\n        <")

    assert rig.main_form(text).status_code == 200


def dividend(day: str) -> tuple[str, str]:
    """A dividend on the main form, and on a sub-form on another day perhaps."""
    ours: list[tuple[str, object]] = [
        ("AksjeUtbytteISINAksjetype-datadef-17665", 100),
        ("AksjeUtbyttePerAksje-datadef-23946", 1),
    ]
    ours += [
        ("AksjeUtbytteHendelsestype-datadef-36564", "Y"),
        ("AksjeUtbytteTidspunkt-datadef-17667", "2025-06-15T12:00:00"),
    ]
    theirs: list[tuple[str, object]] = [("Aksjeutbytte-datadef-29169", 100), ("AksjerUtbytteAntall-datadef-17742", 100)]
    theirs += [("AksjerUtbytteTidspunkt-datadef-17769", f"2025-06-{day}T12:00:00")]
    row = group("UtdeltSkatterettsligUtbytteILopetAvInntektsaret-grp-3451", *(field(*one) for one in ours))
    main = main_form().replace("</Skjema>", group("Utbytte-grp-3449", row) + "</Skjema>")
    return main, sub_form(more=group("UtdeltUtbyttePerAksjonar-grp-3991", *(field(*one) for one in theirs)))


@pytest.mark.parametrize(("day", "verdict"), [("15", ("accepted", [])), ("16", ("rejected", ["TIDSPUNKT"]))])
def test_an_event_has_one_time(rig: Rig, day: str, verdict: tuple[str, list[str]]) -> None:
    main, part = dividend(day)

    assert found_codes(rig, main, [part]) == verdict


@pytest.mark.parametrize(
    ("founded", "verdict"),
    [("2025-02-01", ("rejected", ["MAKS_025"])), ("2024-02-01", ("accepted", [])), ("", ("accepted", []))],
)
def test_figures_of_last_year_in_a_company_founded_in_the_year(
    rig: Rig, founded: str, verdict: tuple[str, list[str]]
) -> None:
    rig.app.state.organisations[CUSTOMER].registry["stiftelsesdato"] = founded

    assert found_codes(rig, main_form(), [sub_form()]) == verdict


# documents


def test_the_submitted_forms_are_listed_fifty_a_page_with_the_main_form_first(rig: Rig) -> None:
    parts = [sub_form(shares=0, last_year=0) for _ in range(60)]
    submission = rig.report_shares(parts=parts)["forsendelseId"]
    path = f"{RF1086}/2025/forsendelser/{submission}/dokumenter"

    first = rig.http.get(path, headers=rig.headers()).json()
    second = rig.http.get(path, params={"page": 1, "size": 50}, headers=rig.headers()).json()

    assert first["dokumenter"][0] == main_form()
    assert [len(first["dokumenter"]), len(second["dokumenter"])] == [50, 11]


@pytest.mark.parametrize("query", [{"size": 51}, {"size": 0}, {"page": -1}, {"page": "x"}])
def test_a_wrong_page_or_size_is_1022(rig: Rig, query: dict[str, object]) -> None:
    submission = rig.report_shares()["forsendelseId"]
    path = f"{RF1086}/2025/forsendelser/{submission}/dokumenter"

    response = rig.http.get(path, params=query, headers=rig.headers())  # type: ignore[arg-type]

    assert codes(response) == (400, "GLD_006", "GLD_1022")


def test_the_list_is_not_for_a_system_user_without_the_right(rig: Rig) -> None:
    submission = rig.report_shares()["forsendelseId"]
    rig.app.state.system_users[SYSTEM_USER].orgnr = OTHER

    response = rig.http.get(f"{RF1086}/2025/forsendelser/{submission}/dokumenter", headers=rig.headers())

    assert codes(response) == (403, "GLD_005", "GLD_1015")


# the year before


def earlier(rig: Rig, year: str = "2026", **query: object) -> Any:
    return rig.http.get(f"{RF1086}/prefill/{year}/{CUSTOMER}", params=query, headers=rig.headers())  # type: ignore[arg-type]


def test_the_report_of_the_year_before_comes_as_the_page_prints_it(rig: Rig) -> None:
    rig.feedback(rig.report_shares(main_form().replace("<Skjema ", '<Skjema etatid="974761076" '))["forsendelseId"])

    body = earlier(rig).json()

    assert list(body) == ["totalItems", "totalPages", "currentPage", "oppgaveStatus", "dokumenter"]
    assert [body[name] for name in list(body)[:4]] == [2, 1, 0, "GODKJENT"]
    main = body["dokumenter"][0]
    assert main["aksjeklasse"] == "ordinaer"
    for text in ('etatid="999999999"', ">ordinaer<", ">2026<", "xmlns:brreg=", "xmlns:xsi="):
        assert text in main["dokument"]
    assert ElementTree.fromstring(main["dokument"]).tag == "Skjema"  # noqa: S314 - our own answer


def test_without_a_verdict_there_is_no_report_of_the_year_before(rig: Rig) -> None:
    rig.report_shares()

    assert codes(earlier(rig)) == (404, "GLD_021", "")
    assert earlier(rig, "2025").status_code == 404


def test_the_newest_report_counts(rig: Rig) -> None:
    rig.feedback(rig.report_shares()["forsendelseId"])
    rig.feedback(rig.report_shares(parts=[sub_form(shares=90, last_year=90)])["forsendelseId"])

    assert earlier(rig).json()["oppgaveStatus"] == "AVVIST"


def test_the_year_before_comes_fifty_forms_a_page(rig: Rig) -> None:
    rig.feedback(rig.report_shares(parts=[sub_form(shares=0, last_year=0) for _ in range(60)])["forsendelseId"])

    pages = [earlier(rig, page=page).json() for page in (0, 1, 2)]

    assert [len(page["dokumenter"]) for page in pages] == [50, 11, 0]
    assert [page["currentPage"] for page in pages] == [0, 1, 2]
    assert codes(earlier(rig, page="x")) == (400, "GLD_006", "GLD_1022")


def test_the_year_before_is_not_for_a_system_user_without_the_right(rig: Rig) -> None:
    rig.feedback(rig.report_shares()["forsendelseId"])
    rig.app.state.system_users[SYSTEM_USER].orgnr = OTHER

    assert codes(earlier(rig)) == (403, "GLD_005", "GLD_1015")
