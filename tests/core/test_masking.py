"""National identity numbers reach no name, no message to the next page and no line of the log, whatever they come in."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from celery import shared_task
from django import forms
from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.backends.cache import SessionStore
from django.db import DataError, connection
from django.test import RequestFactory
from django.utils.safestring import SafeData, mark_safe

from accounts.forms import CustomerFileForm
from portal.core import logging as logs
from portal.core.forms import CleanText, LinesField, MayNamePersons
from portal.core.masking import HIDDEN, names_person, without_identity_numbers
from portal.core.messages import Storage
from submissions.adapters.numbers import is_person_number, synthetic_person
from submissions.services.inbox.copies import _texts, best_text

NUMBERS = [synthetic_person(serial) for serial in range(0, 400_000, 8_113)]
NUMBER = NUMBERS[7]
WAYS = [
    lambda n: n,
    lambda n: f"{n[:6]} {n[6:]}",
    lambda n: f"{n[:2]}.{n[2:4]}.{n[4:6]} {n[6:]}",
    lambda n: quote(f"{n[:6]} {n[6:]}"),
    lambda n: quote(f" {n}"),
    lambda n: f"{n[:6]}+{n[6:]}",
    lambda n: json.dumps({"fnr": f"{n[:6]}\u00a0{n[6:]}"}),
    lambda n: json.dumps({"fnr": int("1" + n[1:])}),
    lambda n: repr(n.encode()),
    lambda n: f"RF1086U_{n}_Kari.xml",
    lambda n: f"deadbeef{n}cafe",
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("around", ["{}", "a{}b", "x-{}-y", "/{}/", "?q={}&r=1", "[{}]", '"{}"'])
def test_no_way_of_writing_a_number_passes(way: Any, around: str) -> None:
    for number in NUMBERS:
        text = around.format(way(number))

        assert number[6:] not in without_identity_numbers(text), text
        assert number[6:] not in logs.redact(text), text


@pytest.mark.parametrize(
    "text",
    [
        "see 0d7a5c11-1234-4abc-8def-01819012345f of the log",
        f"sha256:{'0123456789a' * 5}bcdefabcd",
        "2026-11-29T13:55:58.123456",
        "/sandbox/submissions/12345/documents/678901/",
        "310 987 654",
        "+47 22 12 34 56",
    ],
)
def test_ids_times_and_addresses_stay_inside_a_text(text: str) -> None:
    assert without_identity_numbers(text) == text


def test_a_number_of_a_person_is_known_by_its_check_digits() -> None:
    assert all(is_person_number(number) and names_person(f"om {number}") for number in NUMBERS)
    assert not names_person("konto 12345678901")
    assert not names_person("310987654")


class Written(io.StringIO):
    @property
    def text(self) -> str:
        return self.getvalue()


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, Written]]:
    """A logger set up as production's, and what it wrote."""
    made = logs.configuration(level="INFO", as_json=True)["formatters"]["line"]
    written, handler = Written(), logging.StreamHandler()
    handler.setStream(written)
    handler.setFormatter(logs.RedactingFormatter(**{key: made[key] for key in ("foreign_pre_chain", "processors")}))
    logger = logging.getLogger("tests.masking")
    logger.propagate, logger.handlers = False, [handler]
    logger.setLevel("INFO")
    yield logger, written
    logger.handlers = []


class Person:
    def __init__(self, number: str) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"Person(number={self.number!r})"


def test_no_value_of_a_line_tells_a_number(log: tuple[logging.Logger, Written]) -> None:
    logger, written = log

    logger.info("asked for %s", NUMBER)
    logger.info("asked for %s", {"people": [{"fnr": NUMBER}, {"fnr": int("1" + NUMBER[1:])}]})
    logger.info("GET https://api.example.no/v1/%s?q=%s", NUMBER, quote(f"{NUMBER[:6]} {NUMBER[6:]}"))
    logger.info("body %s", json.dumps({"person": f"{NUMBER[:6]}\u00a0{NUMBER[6:]}"}))
    logger.info("object %r and %s", Person(NUMBER), NUMBER.encode())
    logger.info("extra", extra={"person": Person(NUMBER), NUMBER: "as a key", "nested": {"a": [NUMBER]}})

    assert len(written.text.splitlines()) == 6
    assert NUMBER[6:] not in written.text


def test_no_exception_tells_a_number(log: tuple[logging.Logger, Written]) -> None:
    logger, written = log

    try:
        try:
            raise KeyError(NUMBER)
        except KeyError as error:
            raise ValueError({"fnr": NUMBER}, Person(NUMBER)) from error
    except ValueError as error:
        error.add_note(f"about {NUMBER}")
        logger.exception("failed")

    assert NUMBER[6:] not in written.text
    assert "ValueError" in written.text


@pytest.mark.django_db
def test_no_error_of_the_database_tells_a_number(log: tuple[logging.Logger, Written]) -> None:
    logger, written = log

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::date", [f"f{NUMBER}"])
    except DataError:
        logger.exception("failed")

    assert "invalid input syntax" in written.text
    assert NUMBER[6:] not in written.text


@shared_task(name="tests.refuse")
def refuse(number: str, **_: Any) -> None:
    raise ValueError(number)


def test_no_argument_of_a_task_is_told(log: tuple[logging.Logger, Written]) -> None:
    """As Celery's own logger writes of a task that fails."""
    logger, written = log
    celery = logging.getLogger("celery.app.trace")
    before, celery.handlers = celery.handlers, logger.handlers

    refuse.apply(args=[NUMBER], kwargs={"also": NUMBER})

    celery.handlers = before
    assert "tests.refuse" in written.text
    assert NUMBER[6:] not in written.text


def storage() -> BaseStorage:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    return Storage(request)


def test_a_message_to_the_next_page_holds_no_number() -> None:
    kept = storage()

    kept.add(messages.INFO, f"Filen RF1086U_{NUMBER}.xml var der fra før.")
    kept.add(messages.INFO, mark_safe(f"<b>{NUMBER}</b>"))  # noqa: S308

    plain, safe = (each.message for each in kept._queued_messages)
    assert plain == f"Filen RF1086U_{HIDDEN}.xml var der fra før."
    assert safe == f"<b>{HIDDEN}</b>"
    assert isinstance(safe, SafeData)
    assert not isinstance(plain, SafeData)


class Names(CleanText, forms.Form):
    name = forms.CharField(required=False)
    lines = LinesField(required=False)
    people = MayNamePersons(required=False)
    password = forms.CharField(required=False, widget=forms.PasswordInput)


@pytest.mark.parametrize("field", ["name", "lines"])
def test_a_name_with_a_number_gets_an_error_at_its_field(field: str) -> None:
    form = Names({field: f"Kari {NUMBER}"})

    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert "Ta bort fødselsnummeret" in str(form.errors)


@pytest.mark.parametrize("field", ["people", "password"])
def test_a_field_for_people_and_a_password_take_what_was_typed(field: str) -> None:
    assert Names({field: NUMBER}).is_valid()


def test_the_error_does_not_outlive_its_form() -> None:
    assert Names({"name": NUMBER}).errors
    assert len(Names.base_fields["name"].validators) == len(forms.CharField(required=False).validators)
    assert isinstance(CustomerFileForm.base_fields["text"], MayNamePersons)


def test_texts_of_dialogporten_are_kept_without_numbers() -> None:
    given = {"nb": f"Skattekort for {NUMBER}", "en": "Tax card"}

    assert best_text(given) == f"Skattekort for {HIDDEN}"
    assert _texts(title=given, types={}) == {"title": {"nb": f"Skattekort for {HIDDEN}", "en": "Tax card"}}
