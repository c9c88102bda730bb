"""Histories show words where the audit trail has codes of mails."""

from __future__ import annotations

import pytest

from portal.core.audit import AuditEvent
from portal.explain.audit import present
from portal.explain.mails import MAILS, STOPPED
from systemusers.models import Invitation, MailKind
from tests.fixtures import AT


def test_each_kind_of_mail_and_each_reason_to_stop_has_the_words_of_its_model() -> None:
    assert {code: str(words) for code, words in MAILS.items()} == {kind.value: str(kind.label) for kind in MailKind}
    assert {code: str(words) for code, words in STOPPED.items()} == {
        why.value: str(why.label) for why in Invitation.Why
    }


@pytest.mark.parametrize(
    ("target", "what", "detail"),
    [
        ("submissions.Document:1", "READY->QUEUED", {}), ("nothing:1", "A->B", {}), ("submissions.Submission:1", "edited", {"changes": 3}),
        ("submissions.Submission:1", "edited", {"changes": {"a": 1}}), ("submissions.Submission:1", "edited", ["x"]),
        ("submissions.Submission:1", "update:refused", {"codes": 7}), ("", "trail-broken", None), ("x", "unheard-of", {}),
    ],
)  # fmt: skip
def test_an_event_of_any_form_is_shown(target: str, what: str, detail: object) -> None:
    event = AuditEvent(at=AT, by="x", target=target, what=what, detail=detail)

    assert present(event).title
