"""Types of event and their details: declared, checked when they are recorded, shown in every language."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.utils import translation

from accounts.models import Customer, Portfolio
from portal.core.audit import AuditEvent, record, target_of
from portal.core.audit_changes import changes
from portal.core.audit_events import DETAIL_KEYS, TRANSITION_KEYS, AuditType, UnknownDetail, UnknownEvent
from portal.core.masking import HIDDEN, length_only, masked, without_identity_numbers
from portal.core.states import StatusModel
from portal.explain.audit import PRESENTERS, present
from submissions.models import Submission
from submissions.period import Period
from tests.fixtures import AT

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES: dict[str, Any] = {
    "changes": {"name": ["Vest", "Øst"]}, "codes": ["AUTH-00011"], "files": 2, "documents": [1, 2], "usable": True,
}  # fmt: skip


def write(portfolio: Portfolio, what: str, **detail: Any) -> AuditEvent:
    return record(by="user:ida", at=AT, target=portfolio, what=what, **detail)


class TestRecord:
    def test_every_type_is_written_with_the_details_it_declares(self, portfolio: Portfolio) -> None:
        for what in AuditType:
            detail = {key: EXAMPLES.get(key, "x") for key in DETAIL_KEYS.get(what, set())}

            event = write(portfolio, str(what), **detail)

            event.refresh_from_db()
            assert (event.what, event.target, event.detail) == (what.value, target_of(portfolio), detail)

    @pytest.mark.parametrize("what", ["files added", "Edited", "", "->", "A->B", "DRAFT->READY"])
    def test_an_unknown_type_is_refused(self, portfolio: Portfolio, what: str) -> None:
        with pytest.raises(UnknownEvent):
            write(portfolio, what)

        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize("what", [AuditType.READ, AuditType.FILES_ADDED])
    def test_an_unknown_detail_is_refused(self, portfolio: Portfolio, what: AuditType) -> None:
        with pytest.raises(UnknownDetail, match="filename"):
            write(portfolio, what, filename="RF1086U_12057012345_Kari.xml")

        assert not AuditEvent.objects.exists()

    def test_a_change_of_state_has_the_details_of_its_own(self, customer: Customer) -> None:
        row = Submission.objects.create(
            environment=customer.environment, customer=customer, service="s", **Period.year(2025).columns(), status_at=AT,
            created_by="test", created_at=AT,
        )  # fmt: skip

        with pytest.raises(UnknownDetail, match="filename"):
            row.move_to("READY", by="test", at=AT, what={"filename": "x"})

        row.refresh_from_db()
        assert row.status == "DRAFT"
        row.move_to("READY", by="test", at=AT, what={"attempt": 1})
        assert AuditEvent.objects.get().detail == {"attempt": 1}

    def test_an_identity_number_is_hidden_at_any_depth(self, portfolio: Portfolio) -> None:
        number = "01819012345"

        event = write(portfolio, AuditType.EDITED, changes={"name": [f"f{number}", f"a-{number[:6]} {number[6:]}.xml"]})

        event.refresh_from_db()
        assert event.detail == {"changes": {"name": [f"f{HIDDEN}", f"a-{HIDDEN}.xml"]}}


def test_no_detail_is_for_text_from_outside() -> None:
    keys = TRANSITION_KEYS.union(*DETAIL_KEYS.values())

    assert not keys & {
        "filename",
        "filenames",
        "name",
        "text",
        "message",
        "title",
        "reason",
        "reasons",
        "agent",
        "email",
    }


def test_every_type_has_a_presenter_and_is_used_somewhere() -> None:
    code = "\n".join(
        path.read_text()
        for folder in ("accounts", "systemusers", "submissions", "portal/api", "portal/core", "portal/desk")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "audit_events.py"
    )
    families = ("register", "update", "delete", "missing")  # made of an act and its result

    assert set(PRESENTERS) == set(AuditType)
    for what in AuditType:
        assert f"AuditType.{what.name}" in code or what.value.startswith(families), what


def test_no_call_of_record_has_a_type_that_is_only_a_string() -> None:
    """A misspelt type would be found when the line runs; here it is found before."""
    for app in ("portal", "accounts", "systemusers", "submissions"):
        for path in (ROOT / app).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record":
                    given = [word.value for word in call.keywords if word.arg == "what"]
                    assert all(not isinstance(value, ast.Constant) for value in given), f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
class TestPresenters:
    def test_every_type_is_a_sentence(self, language: str) -> None:
        for what in AuditType:
            detail = {key: EXAMPLES.get(key, "x") for key in DETAIL_KEYS.get(what, set())}
            event = AuditEvent(target="accounts.Portfolio:1", what=str(what), detail=detail)

            with translation.override(language):
                presented, bare = present(event), present(AuditEvent(target="gone.Model:1", what=str(what), detail={}))

            assert presented.title, what
            assert presented.sentence.startswith(presented.title), what
            assert bare.title == presented.title, what

    def test_every_state_is_one_too(self, language: str) -> None:
        for model in (m for m in apps.get_models() if issubclass(m, StatusModel)):
            for after in model.Status.values:
                event = AuditEvent(target=f"{model._meta.label}:1", what=f"X->{after}", detail={})
                with translation.override(language):
                    assert present(event).title not in ("", after), (model, after)


def test_old_and_new_are_shown_with_the_labels_of_the_model() -> None:
    edits = {"role": ["READER", "ADMINISTRATOR"], "is_active": [True, False], "portfolios": [[], ["Vest"]]}
    event = AuditEvent(target="accounts.User:1", what="edited", detail={"changes": edits})

    assert present(event).parts == [
        "rolle: Lesetilgang → Administrator", "aktiv: ja → nei", "porteføljer: – → Vest",
    ]  # fmt: skip


def test_an_event_of_a_release_that_is_gone_is_shown_by_its_code() -> None:
    assert present(AuditEvent(target="gone.Model:1", what="files added", detail={})).sentence == "files added"


class TestMasking:
    @pytest.mark.parametrize(
        "text",
        [
            "RF1086U_01819012345_Kari.xml",
            "f01819012345",
            "018190 12345",
            "018190-12345",
            "a01819012345b",
            "01.81.90 12345",
            "01 81 90 - 12345",
            "018190_12345",
            "018190\u200b12345",
            "018190\u202f12345",
        ],
    )
    def test_an_identity_number_is_hidden_whatever_stands_around_it(self, text: str) -> None:
        hidden = without_identity_numbers(text)

        assert HIDDEN in hidden
        assert "12345" not in hidden

    @pytest.mark.parametrize(
        "text",
        [
            "310123455_fjordtall",
            "310123455 25",
            "10.11.12.131",
            "123456789012",
            "0d7a5c11-1234-4abc-8def-01819012345f",
            "2026-11-23 09:00:00",
            "a" * 64,
        ],
    )
    def test_other_numbers_stay(self, text: str) -> None:
        assert without_identity_numbers(text) == text

    @pytest.mark.parametrize(
        ("text", "shown"),
        [("", ""), ("kari@nordlys.example", "k…@nordlys.example"), ("+47 22 12 34 56", "…56"), ("Kari Nordmann", "K…")],
    )
    def test_contact_data_can_be_told_apart_and_no_more(self, text: str, shown: str) -> None:
        assert masked(text) == shown

    def test_of_free_text_the_length_is_kept(self) -> None:
        assert (length_only(""), length_only("Ring Kari")) == ("", "(9)")


def test_changes_name_only_what_differs() -> None:
    old, new = {"name": "A", "scopes": ["b", "a"], "note": None}, {"name": "A", "scopes": ["c"], "note": "x" * 500}

    assert changes(old=old, new=new) == {"scopes": [["a", "b"], ["c"]], "note": [None, "x" * 200]}
