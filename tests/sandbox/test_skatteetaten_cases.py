"""Kontrollopplysninger: a dialog that asks for material, the files uploaded to it, and their submission."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.tax_rig import CUSTOMER, SYSTEM_USER, Rig
from tests.sandbox.test_skatteetaten_dialogs import dialog

SCOPE = "skatteetaten:innleveringkontroll"
BASE = "/skatteetaten/innrapporteringkontroll/v1"
UNKNOWN = "0198c1f2-7c1e-7b52-9a55-00000000000f"


class Case:
    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        rig.app.state.system_users[SYSTEM_USER].rights.append("ske-kontroll")
        self.sent: dict[str, Any] = rig.http.post("/control/cases", json={"orgnr": CUSTOMER}).json()
        self.path = f"{BASE}/dialoger/{self.sent['dialog_id']}"

    def headers(self, **more: str) -> dict[str, str]:
        return {**self.rig.headers(SCOPE), "Accept": "application/json", **more}

    def upload(self, name: str = "saft.xml", content: bytes = b"<AuditFile/>") -> httpx.Response:
        headers = self.headers(**{"Content-Disposition": f'attachment; filename="{name}"'})
        return self.rig.http.post(f"{self.path}/opplastinger", content=content, headers=headers)

    def validated(self, **fields: Any) -> str:
        ident = str(self.upload(**fields).json()["id"])
        self.rig.let_pass(5)
        return ident

    def submit(self, *idents: str) -> httpx.Response:
        return self.rig.http.put(
            f"{self.path}/innsending",
            json={"opplastinger": list(idents)},
            headers=self.headers(**{"Content-Type": "application/json"}),
        )


@pytest.fixture
def case() -> Case:
    return Case(Rig())


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["spesifisering"][0]["kode"]


def test_a_case_is_a_dialog_that_asks(case: Case) -> None:
    remote = case.rig.app.state.dialogs[case.sent["dialog_id"]]

    assert (remote.status, [t.type for t in remote.transmissions]) == ("RequiresAttention", ["Request"])
    shown = dialog(case.rig, remote.id)["transmissions"][0]["content"]["summary"]["value"]
    assert shown == [{"value": "Send SAF-T regnskap for inntektsåret.", "languageCode": "nb"}]


def test_a_saft_that_counts_its_entries_wrongly_is_sent_back(case: Case) -> None:
    wrong = b"<AuditFile><NumberOfEntries>2</NumberOfEntries><Transaction></Transaction></AuditFile>"
    submitted = case.submit(case.validated(content=wrong)).json()["forsendelseId"]

    case.rig.let_pass(10**5)

    feedback = case.rig.received(submitted)["feedback"]
    assert (feedback["verdict"], [finding["code"] for finding in feedback["findings"]]) == ("rejected", ["SAFT_ANTALL"])


def test_uploaded_files_are_submitted_to_the_dialog(case: Case) -> None:
    ident = case.validated()

    answer = case.submit(ident)

    assert answer.json()["dialogId"] == case.sent["dialog_id"]
    remote = case.rig.app.state.dialogs[case.sent["dialog_id"]]
    assert [t.type for t in remote.transmissions] == ["Request", "Submission"]
    sent = case.rig.http.get(f"{case.path}/forsendelser/{answer.json()['forsendelseId']}", headers=case.headers())
    assert sent.json()["opplastinger"] == [ident]


def test_the_case_is_closed_by_an_acceptance_and_asks_again_after_a_rejection(case: Case) -> None:
    remote = case.rig.app.state.dialogs[case.sent["dialog_id"]]
    case.rig.http.post("/control/verdicts", json={"verdict": "rejected"})
    case.submit(case.validated())
    case.rig.let_pass(10**5)
    assert remote.status == "RequiresAttention"

    case.submit(case.validated())
    case.rig.let_pass(10**5)

    assert remote.status == "Completed"


def test_an_unknown_dialog_is_1017(case: Case) -> None:
    case.path = f"{BASE}/dialoger/{UNKNOWN}"

    assert code(case.upload()) == (404, "GLD_1017")


def test_an_unknown_forsendelse_is_1048(case: Case) -> None:
    assert code(case.rig.http.get(f"{case.path}/forsendelser/{UNKNOWN}", headers=case.headers())) == (404, "GLD_1048")


@pytest.mark.parametrize("name", ["", "../saft.xml", "saft", "a?.xml", "x" * 120 + ".xml"])
def test_a_bad_file_name_is_1059(case: Case, name: str) -> None:
    assert code(case.upload(name=name)) == (400, "GLD_1059")


def test_nothing_approved_is_1067(case: Case) -> None:
    not_validated = case.upload().json()["id"]

    assert code(case.submit(not_validated)) == (400, "GLD_1067")
    assert code(case.submit()) == (400, "GLD_1067")
    assert code(case.submit(UNKNOWN)) == (400, "GLD_1067")


def test_what_was_submitted_is_not_submitted_again(case: Case) -> None:
    ident = case.validated()
    case.submit(ident)

    assert code(case.submit(ident)) == (400, "GLD_1067")


def test_a_virus_fails_the_validation(case: Case) -> None:
    ident = case.validated(content=b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE")

    shown = case.rig.http.get(f"{case.path}/opplastinger/{ident}", headers=case.headers()).json()[0]

    assert (shown["status"], shown["feilliste"][0]["kode"]) == ("VALIDERING_FEILET", "GLD_1070")
    assert code(case.submit(ident)) == (400, "GLD_1067")


def test_the_right_to_the_resource_is_needed(case: Case) -> None:
    case.rig.app.state.system_users[SYSTEM_USER].rights.remove("ske-kontroll")

    assert code(case.upload()) == (403, "GLD_1015")
