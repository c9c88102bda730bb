"""Import of customers: bring a file, see what happens to each row, confirm, follow, and take it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts import tasks
from accounts.forms import CustomerFileForm
from accounts.guard import StaffRequest, staff_page
from accounts.models import CustomerImport
from accounts.services.imports import ordering, rest, shown, undoing
from accounts.services.imports.columns import fields_in
from accounts.services.imports.reading import MOST_ROWS, TooManyRows, Unreadable
from portal.core import enqueue
from portal.core.bodies import takes_list
from portal.core.confirm import Question, ask_first, word_in
from portal.core.heartbeat import is_working
from portal.core.htmx import page_or_fragment
from portal.core.lease import lasting_problems
from portal.core.states import LostRace

LISTED = 20


def find(request: StaffRequest, pk: int) -> CustomerImport:
    rows = CustomerImport.objects.visible_to(request.user).filter(environment=request.environment)
    return get_object_or_404(rows.select_related("owner", "portfolio"), pk=pk)


def _address(request: StaffRequest, row: CustomerImport, name: str = "customer-import") -> str:
    return reverse(name, kwargs={"environment": request.environment, "pk": row.pk})


def _wake(request: StaffRequest) -> None:
    enqueue.enqueue_on_commit(tasks.import_customers)
    if not is_working(at=timezone.now()):
        messages.warning(request, _("Det er lagret. Det går videre når portalen arbeider igjen."))


@staff_page(may="may_work")
@takes_list
def imports(request: StaffRequest) -> HttpResponse:
    """The form for a file or a pasted list, and one's imports."""
    form = CustomerFileForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        row = _begin(request, form)
        if row is not None:
            _wake(request)
            return redirect(_address(request, row))
    form.hide_identity_numbers()
    rows = CustomerImport.objects.visible_to(request.user).filter(environment=request.environment)
    columns = list(fields_in(request.environment).values())
    is_narrowed = request.GET.get("state") == "stuck"
    listed = (lasting_problems(rows) if is_narrowed else rows).select_related("owner")[:LISTED]
    context = {"form": form, "most": MOST_ROWS, "imports": listed, "columns": columns, "is_narrowed": is_narrowed}
    return render(request, "accounts/imports.html", context, status=422 if form.errors else 200)


def _begin(request: StaffRequest, form: CustomerFileForm) -> CustomerImport | None:
    """None with an error on the form when the list is not taken."""
    try:
        return ordering.begin(
            user=request.user, environment=request.environment, filename=form.filename, content=form.content,
            looks_up=form.cleaned_data["looks_up"], portfolio=form.cleaned_data["portfolio"], at=timezone.now(),
        )  # fmt: skip
    except TooManyRows:
        form.add_error(None, _("Listen har mer enn %(most)s rader. Del den opp.") % {"most": MOST_ROWS})
    except Unreadable:
        form.add_error(
            None,
            _(
                "Listen kan ikke leses. Lagre den som CSV, eller som .xlsx uten passord, med en virksomhet på hver linje."
            ),
        )
    except ordering.NoRows:
        form.add_error(None, _("Listen har ingen rader."))
    return None


@staff_page(may="may_work")
def one(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    counted = shown.numbers(row)
    context = {
        "row": row, "numbers": counted, "dots": shown.stepper(row), "problem": shown.problem(row),
        "columns": shown.columns(row) if row.status == row.Status.PREVIEW else [],
        "chips": shown.chips(row, counted, request.GET), "page": shown.page(row, request.GET),
        "without_reports": shown.without_reports(row), "asks": word_in(row.environment), "shown": ordering.token_of(row),
    }  # fmt: skip
    return page_or_fragment(request, "accounts/import.html", "live", context=context)


Act = Callable[[StaffRequest, CustomerImport], None]


def act(change: Act) -> Callable[..., HttpResponse]:
    """A POST that changes one import and wakes a worker. What is refused is said on its page."""

    @staff_page(may="may_work")
    @require_POST
    @wraps(change)
    def guarded(request: StaffRequest, pk: int, **_kwargs: Any) -> HttpResponse:
        row = find(request, pk)
        try:
            change(request, row)
        except (LostRace, ordering.HasChanged):
            messages.warning(request, _changed())
        else:
            _wake(request)
        return redirect(_address(request, row))

    return guarded


def _changed() -> str:
    return _("Noe er endret siden du leste siden. Se over på nytt.")


@act
def columns(request: StaffRequest, row: CustomerImport) -> None:
    fields = [request.POST.get(f"column-{index}", field) for index, field in enumerate(row.columns)]
    try:
        ordering.set_columns(row=row, fields=fields, by=request.user.actor, at=timezone.now())
    except ordering.NoNumbers:
        messages.error(request, _("Velg én kolonne med organisasjonsnummer, og hvert felt bare én gang."))


@act
def without_look_up(request: StaffRequest, row: CustomerImport) -> None:
    ordering.stop_looking_up(row=row, at=timezone.now())


@act
def extra(request: StaffRequest, row: CustomerImport) -> None:
    ordering.take_extra(row=row, verdicts=request.POST.getlist("extra"), at=timezone.now())


def _trail(request: StaffRequest, row: CustomerImport) -> list[tuple[str, str]]:
    return [
        (_("Kunder"), reverse("customers", kwargs={"environment": request.environment})),
        (_("Importer kunder"), _address(request, row)),
    ]


@staff_page(may="may_work")
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """A worker does exactly what the page has shown. A page of its own only where a word must be typed."""
    row = find(request, pk)
    counted = shown.numbers(row)
    if row.status != row.Status.PREVIEW or not counted.taken:
        return redirect(_address(request, row))
    made = counted.taken - counted.of("CHANGED")
    question = Question(
        title=ngettext("Importere %(n)s kunde?", "Importere %(n)s kunder?", counted.taken) % {"n": counted.taken},
        consequences=[
            _("Nye kunder: %(made)s. Kunder som endres: %(changed)s.")
            % {"made": made, "changed": counted.of("CHANGED")},
            _("Rader som ikke blir med: %(left)s.") % {"left": counted.left},
            _("Ingen blir spurt om tilgang, og ingenting blir sendt. Du kan angre til kundene er tatt i bruk."),
        ],
        button=_("Importer"),
        trail=_trail(request, row),
        word=word_in(request.environment),
        colour="info",
        shown=ordering.token_of(row),
    )
    if (answer := ask_first(request, question)) is not None:
        return answer
    try:
        ordering.confirm(row=row, user=request.user, shown=request.POST.get("shown", ""), at=timezone.now())
    except (LostRace, ordering.HasChanged):
        messages.warning(request, _changed())
    else:
        _wake(request)
    return redirect(_address(request, row))


@staff_page(may="may_work")
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    if row.status != row.Status.DONE:
        return redirect(_address(request, row))
    counted, used = shown.numbers(row), undoing.used_of(row)
    made, changed = counted.made - used, counted.changed
    question = Question(
        title=_("Angre importen?"),
        consequences=[
            ngettext("%(n)s kunde slettes.", "%(n)s kunder slettes.", made) % {"n": made},
            _("Tatt i bruk eller endret siden, og blir stående: %(n)s.") % {"n": used},
            _("Endrede kunder som får tilbake det de hadde: %(n)s. Det andre har endret siden, beholdes.")
            % {"n": changed},
        ],
        button=_("Angre importen"),
        trail=_trail(request, row),
        word=word_in(request.environment),
    )
    if (answer := ask_first(request, question)) is not None:
        return answer
    try:
        ordering.undo(row=row, user=request.user, at=timezone.now())
    except (LostRace, ordering.HasChanged):
        messages.warning(request, _changed())
    else:
        _wake(request)
    return redirect(_address(request, row))


@staff_page(may="may_work")
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    question = Question(
        title=_("Slette filen?"),
        consequences=[
            _("Filen og radene slettes."),
            _("Kunder som er importert, blir stående, og importen kan ikke angres."),
        ],
        button=_("Slett filen"),
        trail=_trail(request, row),
        word=word_in(request.environment),
    )
    if (answer := ask_first(request, question)) is not None:
        return answer
    try:
        ordering.discard(row=row, by=request.user.actor, at=timezone.now())
    except LostRace:
        messages.warning(request, _changed())
        return redirect(_address(request, row))
    messages.success(request, _("Filen er slettet."))
    return redirect("customer-imports", environment=request.environment)


@staff_page(may="may_work")
@require_GET
def rest_list(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    content = rest.as_list(row=row, user=request.user, at=timezone.now())
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ikke-importert-{row.pk}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response
