"""Confirmation page for actions that are hard to undo: shows the consequences; in production a word must be typed."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.core.environments import Environment
from portal.core.forms import PRODUCTION_WORD, ConfirmForm


@dataclass(frozen=True)
class Alternative:
    """A better action to offer; a form that posts to `url`."""

    text: str
    label: str
    url: str


@dataclass(frozen=True)
class Question:
    """`trail` is labels and addresses of the pages above; "cancel" leads to the last.

    `affected`: who loses something.
    """

    title: str
    consequences: list[str]
    button: str
    trail: list[tuple[str, str]]
    word: str = ""
    affected_title: str = ""
    affected: list[str] = field(default_factory=list)
    alternative: Alternative | None = None
    colour: str = "danger"
    """Designsystemet's name; another one for what can be taken back."""
    shown: str = ""
    """What the person sees, as a token that the form sends back, for an act that is bound to it."""

    @property
    def back(self) -> str:
        return self.trail[-1][1]


def word_in(environment: str) -> str:
    """The word to type; "" except in production."""
    return PRODUCTION_WORD if environment == Environment.PRODUCTION else ""


def ask_first(request: HttpRequest, question: Question) -> HttpResponse | None:
    """The confirmation page; None once it is confirmed."""
    form = ConfirmForm(request.POST if request.method == "POST" else None, word=question.word)
    if request.method == "POST" and form.is_valid():
        return None
    context = {"question": question, "form": form, "hidden": []}
    return render(request, "portal/confirm.html", context, status=422 if form.errors else 200)
