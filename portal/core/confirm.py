"""One page before every act that is not easily taken back: what follows from it, and in production a word to type."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.core.environments import Environment
from portal.core.forms import PRODUCTION_WORD, ConfirmForm


@dataclass(frozen=True)
class Instead:
    """Something better to do first; a form that posts to `url`."""

    text: str
    label: str
    url: str


@dataclass(frozen=True)
class Question:
    """`trail` is labels and addresses of the pages above; the last of them is where "cancel" leads. `hit` is who suffers."""

    title: str
    consequences: list[str]
    button: str
    trail: list[tuple[str, str]]
    word: str = ""
    hit_title: str = ""
    hit: list[str] = field(default_factory=list)
    instead: Instead | None = None

    @property
    def back(self) -> str:
        return self.trail[-1][1]


def word_in(environment: str) -> str:
    """What must be typed there; nothing but in production."""
    return PRODUCTION_WORD if environment == Environment.PRODUCTION else ""


def ask_first(request: HttpRequest, question: Question) -> HttpResponse | None:
    """The page to answer; None once it is answered with yes, and the act may be done."""
    form = ConfirmForm(request.POST if request.method == "POST" else None, word=question.word)
    if request.method == "POST" and form.is_valid():
        return None
    context = {"question": question, "form": form}
    return render(request, "portal/confirm.html", context, status=422 if form.errors else 200)
