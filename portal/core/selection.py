"""Rows of a list that a person picks: the ticked ones of a page, or all rows of the filter on all its pages.

The picked rows come by POST to the list's own address. A confirmation page names their number; it is asked again when the
number has changed in the meantime, so that nobody acts on more rows than were named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.core.confirm import Question
from portal.core.forms import ConfirmForm
from portal.core.search import row_id

PICK, ALL, ACT, NUMBER = "pick", "all", "act", "number"
"""Names of the form's fields: ids of ticked rows, whether all are meant, what to do, and the number that was named."""
Rows = TypeVar("Rows", bound=QuerySet[Any])


@dataclass(frozen=True)
class Act:
    """What can be done with picked rows. `button` stands below the list."""

    code: str
    button: Any


def picked(request: HttpRequest, rows: Rows) -> Rows:
    """The picked ones of `rows`, which are those of the list's filter."""
    if request.POST.get(ALL):
        return rows
    ids = [pk for pk in map(row_id, request.POST.getlist(PICK)) if pk is not None]
    return rows.filter(pk__in=ids)


def confirm_many(request: HttpRequest, rows: QuerySet[Any], *, ask: Callable[[int], Question]) -> HttpResponse | None:
    """The page that names how many rows are meant; None once that number is confirmed.

    `rows` are the picked ones that the act applies to. Without any, a message and the list.
    """
    number = rows.count()
    if not number:
        messages.info(request, _("Ingen av de valgte kan dette nå. Ingenting er gjort."))
        return redirect(request.get_full_path())
    question = ask(number)
    named = request.POST.get(NUMBER, "")
    form = ConfirmForm(request.POST if named else None, word=question.word)
    if named == str(number) and form.is_valid():
        return None
    if named and named != str(number):
        form = ConfirmForm(None, word=question.word)
        messages.warning(request, _("Antallet har endret seg. Se på det nye før du bekrefter."))
    fields = [(name, value) for name in (ACT, ALL, PICK) for value in request.POST.getlist(name)]
    context = {"question": question, "form": form, "hidden": [*fields, (NUMBER, str(number))]}
    return render(request, "portal/confirm.html", context, status=422 if form.errors else 200)
