"""Texts are kept in all languages they came in, and shown in the reader's; what else came is kept too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Role
from portal.core.rich_text import MARKDOWN
from portal.sandbox.dialogs import update_dialog
from submissions.models import Dialog, DialogSource
from submissions.models.texts import Shown, Texts, best
from submissions.services.pages import dialogs as pages
from tests.fixtures import make_user
from tests.submissions.inbox.reading import Reading

TITLE = {"nb": "Krav om opplysninger", "nn": "Krav om opplysningar", "en": "Request for information"}


@pytest.mark.parametrize(
    ("language", "code"), [("nb", "nb"), ("nn", "nn"), ("en", "en"), ("en-gb", "en"), ("fr", "nb")]
)
def test_a_title_is_shown_in_the_readers_language(reading: Reading, language: str, code: str) -> None:
    reading.opens(title=TITLE)
    reading.round()

    with translation.override(language):
        shown = Dialog.objects.get().shown_title

    assert (shown.text, shown.lang) == (TITLE[code], code)
    assert str(shown) == f'<span lang="{code}">{TITLE[code]}</span>'


def test_a_text_in_other_languages_only_is_shown_all_the_same(reading: Reading) -> None:
    reading.opens(title={"se": "Dieđut"})
    reading.round()

    row = Dialog.objects.get()
    assert (row.shown_title.text, row.shown_title.lang, row.title) == ("Dieđut", "se", "Dieđut")


def test_the_page_marks_the_language_of_each_text(reading: Reading, client: Client) -> None:
    reading.opens(title=TITLE, summary={"nb": "Svar <b>nå</b>", "en": "Answer <b>now</b>"})
    reading.round()
    row = Dialog.objects.get()
    client.force_login(make_user(Role.ADMINISTRATOR))
    address = reverse("dialog", kwargs={"environment": "sandbox", "pk": row.pk})

    norwegian = client.get(address).content.decode()
    english = client.get(address, headers={"accept-language": "en"}).content.decode()

    assert '<span lang="nb">Krav om opplysninger</span>' in norwegian
    assert '<span lang="en">Request for information</span>' in english
    assert '<div class="prose" lang="en"><p>Answer &lt;b&gt;now&lt;/b&gt;</p></div>' in english


def test_a_row_from_before_is_shown_as_it_is() -> None:
    row = Dialog(title="Fra før", summary="")

    assert (row.shown_title, bool(row.shown_summary)) == (Shown("Fra før"), False)


def test_markdown_is_shown_as_elements(reading: Reading) -> None:
    texts: Texts = {"summary": {"nb": "Du må **svare**"}, "types": {"summary": MARKDOWN}}
    row = Dialog(texts=texts)

    assert "<strong>svare</strong>" in row.shown_summary.block


def test_a_sender_is_called_what_it_calls_itself(reading: Reading) -> None:
    remote = reading.opens()
    remote.sender_name = {"nb": "Skatt øst"}
    reading.round()

    assert pages.owner(Dialog.objects.get()) == "Skatt øst"


def test_a_new_translation_alone_is_noticed(reading: Reading) -> None:
    remote = reading.opens(title={"nb": "Krav"})
    reading.round()
    reading.world.let_pass(60)
    update_dialog(reading.world.app, remote, {"title": {"nb": "Krav", "en": "Claim"}}, now=reading.world.at)
    reading.world.let_pass(hours=13)

    reading.round()

    assert Dialog.objects.get().texts["title"] == {"nb": "Krav", "en": "Claim"}


def test_transmissions_and_activities_keep_their_languages(reading: Reading) -> None:
    reading.settle(reading.delivered())
    row = Dialog.objects.get()

    sent = row.transmissions.exclude(type="Submission").first()
    assert sent is not None
    assert sent.texts["title"]["nb"] == sent.title
    assert all(each.texts.get("description") or not each.description for each in row.activities.all())


def test_the_whole_answer_is_kept_and_nobody_reads_it_in_the_database(reading: Reading) -> None:
    remote = reading.opens(title="Krav om hemmelige opplysninger")
    reading.round()

    source = DialogSource.objects.get()
    assert source.content["id"] == remote.id
    assert source.content["hasUnopenedContent"] is False or source.content["hasUnopenedContent"] is True
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM submissions_dialogsource")
        [(stored,)] = cursor.fetchall()
    assert b"hemmelige" not in bytes(stored)


def test_the_answer_that_is_kept_is_the_last_one(reading: Reading) -> None:
    remote = reading.opens(title="Først")
    reading.round()
    reading.world.let_pass(60)
    update_dialog(reading.world.app, remote, {"title": {"nb": "Så"}}, now=reading.world.at)
    reading.world.let_pass(hours=13)

    reading.round()

    assert "Så" in json.dumps(DialogSource.objects.get().content, ensure_ascii=False)


@pytest.mark.parametrize(
    ("texts", "first", "found"),
    [({}, "nb", ""), ({"en": "a"}, "nb", "a"), ({"nb": "", "nn": "b"}, "nb", "b"), ({"fr": "c"}, "en", "c")],
)
def test_the_best_text(texts: Any, first: str, found: str) -> None:
    assert best(texts, first).text == found
