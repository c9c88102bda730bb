"""Histories show words where the audit trail has codes of mails."""

from __future__ import annotations

from portal.explain.audit import MAILS, STOPPED
from systemusers.models import Invitation, MailKind


def test_each_kind_of_mail_and_each_reason_to_stop_has_the_words_of_its_model() -> None:
    assert {code: str(words) for code, words in MAILS.items()} == {kind.value: str(kind.label) for kind in MailKind}
    assert {code: str(words) for code, words in STOPPED.items()} == {
        why.value: str(why.label) for why in Invitation.Why
    }
