"""Confirmation page for actions that are hard to undo: shows the consequences; in production a word must be typed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.core.environments import Environment
from portal.core.forms import PRODUCTION_WORD, ConfirmForm

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Alternative:
    """A better action to offer; a form that posts to `url`."""

    text: str
    label: str
    url: str


@dataclass(frozen=True)
class Question:
    """`trail` is labels and addresses of the pages above; "cancel" leads to the last.

    `affected`: who loses something. `edits`: what changes, each with its value before and after. `note`: said above the button.
    """

    title: str
    consequences: list[str]
    button: str
    trail: list[tuple[str, str]]
    word: str = ""
    affected_title: str = ""
    affected: list[str] = field(default_factory=list)
    edits: list[tuple[str, str, str]] = field(default_factory=list)
    alternative: Alternative | None = None
    colour: str = "danger"
    """Designsystemet's name; another one for what can be taken back."""
    shown: str = ""
    """What the person sees, as a token that the form sends back, for an act that is bound to it."""
    note: str = ""

    @property
    def back(self) -> str:
        return self.trail[-1][1]


def word_in(environment: str) -> str:
    """The word to type; "" except in production."""
    return PRODUCTION_WORD if environment == Environment.PRODUCTION else ""


def ask_first(
    request: HttpRequest, question: Question, *, is_bound: bool | None = None, hidden: Fields = ()
) -> HttpResponse | None:
    """The confirmation page; None once it is confirmed. `is_bound`: whether the request answers it; else, whether it is a POST.

    `hidden`: other fields, which the page sends back.
    """
    answers = request.method == "POST" if is_bound is None else is_bound
    form = ConfirmForm(request.POST if answers else None, word=question.word)
    if answers and form.is_valid():
        return None
    context = {"question": question, "form": form, "hidden": hidden}
    return render(request, "portal/confirm.html", context, status=422 if form.errors else 200)


def ground_of(*facts: object) -> str:
    """A token of what is shown, for `Question.shown`: another one for other facts. They are ids, codes and counts, no words of a
    language."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
