"""Sorter filer: drop many files at once, see what they are, make drafts of them and send what is ready."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.guard import StaffRequest, staff_page
from portal.core import enqueue
from portal.core.bodies import takes_files
from portal.core.confirm import Question, ask_first, word_in
from portal.core.environments import Environment
from portal.core.forms import ConfirmForm
from portal.core.heartbeat import is_working
from portal.core.htmx import page_or_fragment
from portal.core.lease import lasting_problems
from portal.core.search import row_id
from submissions import tasks
from submissions.forms import HeapFilesForm
from submissions.models import Heap, HeapPackage
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.heaps import intake, ordering, removal, rest
from submissions.services.heaps.archive import MOST_BYTES, MOST_FILES
from submissions.services.pages import heap as shown
from submissions.views.examples import Example, examples_of_many
from submissions.views.one import say_not_stored

LISTED = 50
LIMITS = {"files": MOST_FILES, "megabytes": MOST_BYTES // 10**6}


def find(request: StaffRequest, pk: int) -> Heap:
    rows = Heap.objects.visible_to(request.user).filter(environment=request.environment)
    return get_object_or_404(rows.select_related("owner", "source"), pk=pk)


def _to(request: StaffRequest, heap: Heap, query: str = "") -> HttpResponse:
    address = reverse("heap", kwargs={"environment": request.environment, "pk": heap.pk})
    return redirect(f"{address}?{query}" if query else address)


@staff_page(may="may_work")
@takes_files
def heaps(request: StaffRequest) -> HttpResponse:
    """One's heaps, and the form for a new one."""
    form = HeapFilesForm(request.POST, request.FILES) if request.method == "POST" else HeapFilesForm()
    made = _examples(request)
    if request.method == "POST" and (made or form.is_valid()):
        try:
            heap = intake.begin(
                user=request.user, environment=request.environment, uploads=made or form.cleaned_data["uploads"],
                at=timezone.now(),
            )  # fmt: skip
        except drafts.NotStored as error:
            say_not_stored(request, error)
        except intake.Full:
            form.add_error("uploads", _full())
        else:
            _wake(request)
            return _to(request, heap)
    rows = Heap.objects.visible_to(request.user).filter(environment=request.environment)
    is_narrowed = request.GET.get("state") == "stuck"
    listed = shown.listed((lasting_problems(rows) if is_narrowed else rows)[:LISTED])
    context = {"form": form, "heaps": listed, "is_narrowed": is_narrowed, "limits": LIMITS}
    return render(request, "submissions/heaps.html", context, status=422 if form.errors else 200)


def _examples(request: StaffRequest) -> list[Example]:
    """Made-up files, when they are asked for in the sandbox."""
    if request.environment != Environment.SANDBOX or "examples" not in request.POST:
        return []
    made = examples_of_many(user=request.user, today=timezone.localdate())
    if not made:
        messages.info(request, _("Ingen kunder har gitt tilgang ennå. Da er det ingen å lage eksempelfiler for."))
    return made


def _gone(request: StaffRequest) -> HttpResponse:
    messages.warning(request, _("Samlingen er forkastet i mellomtiden."))
    return redirect("heaps", environment=request.environment)


def _full() -> str:
    return _("En samling har høyst %(files)s filer og %(megabytes)s MB. Del filene på flere samlinger.") % LIMITS


def _wake(request: StaffRequest) -> None:
    enqueue.enqueue_on_commit(tasks.work_on_heaps)
    if not is_working(at=timezone.now()):
        messages.warning(request, _("Det er lagret. Det går videre når portalen arbeider igjen."))


@staff_page()
def heap(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, find(request, pk), HeapFilesForm())


def _page(request: StaffRequest, row: Heap, form: HeapFilesForm, *, status: int = 200) -> HttpResponse:
    read = shown.read(row, request.user)
    context = {
        "heap": row, "form": form, "limits": LIMITS, "progress": read.progress,
        "services": read.services, "reports": read.packages, "look": read.look, "draftable": read.draftable,
        "chips": shown.filters(read, request.GET), "page": shown.page(read, request.GET),
        "choices": read.choices, "rest": read.rest, "to_send": read.to_send,
    }  # fmt: skip
    return page_or_fragment(request, "submissions/heap.html", "live", context=context, status=status)


Act = Callable[..., HttpResponse]


def act(view: Act) -> Act:
    """A POST that changes one heap. When it was deleted meanwhile, it leads to the others."""

    @staff_page(may="may_work")
    @require_POST
    @wraps(view)
    def guarded(request: StaffRequest, pk: int, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, find(request, pk), **kwargs)
        except Heap.DoesNotExist:
            return _gone(request)

    return guarded


@act
@takes_files
def add_files(request: StaffRequest, row: Heap) -> HttpResponse:
    form = HeapFilesForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        intake.add(heap=row, uploads=form.cleaned_data["uploads"], by=request.user.actor, at=timezone.now())
    except drafts.NotStored as error:
        say_not_stored(request, error)
    except intake.Full:
        form.add_error("uploads", _full())
        return _page(request, row, form, status=422)
    _wake(request)
    return _to(request, row)


@act
def sort_again(request: StaffRequest, row: Heap) -> HttpResponse:
    ordering.sort_again(heap=row, at=timezone.now())
    _wake(request)
    return _to(request, row)


@act
def choose(request: StaffRequest, row: Heap) -> HttpResponse:
    """The service of one file, or of all files that fit the same services."""
    file = row_id(request.POST.get("file", ""))
    files = row.files.filter(pk=file) if file else row.files.filter(choices=request.POST.get("choices", "-"))
    number = ordering.choose(
        heap=row, service=request.POST.get("service", ""), files=files, by=request.user.actor, at=timezone.now()
    )
    if number:
        _wake(request)
    else:
        messages.error(request, _("Velg en av tjenestene."))
    return _to(request, row, "state=choose" if file else "")


@act
def make_drafts(request: StaffRequest, row: Heap) -> HttpResponse:
    number = ordering.order_drafts(heap=row, user=request.user, at=timezone.now())
    if number:
        text = ngettext("%(n)s kladd lages.", "%(n)s kladder lages.", number)
        messages.success(request, text % {"n": number})
        _wake(request)
    else:
        messages.info(request, _("Det er ingen flere å lage kladder av."))
    return _to(request, row)


@act
def add_to_draft(request: StaffRequest, row: Heap, package: int) -> HttpResponse:
    """Put the files of a package into the draft that was open before."""
    rows = ordering.packages_of(row, request.user).select_related("customer")
    target: HeapPackage = get_object_or_404(rows, pk=package)
    try:
        done = ordering.add_to_open_draft(package=target, user=request.user, at=timezone.now())
    except drafts.NotStored as error:
        say_not_stored(request, error)
    except drafts.NotOpen:
        done = False
    else:
        if done:
            messages.success(request, _("Filene er lagt til i kladden."))
    if not done:
        messages.warning(request, _("Kladden er ikke åpen lenger. Sorter på nytt."))
    return _to(request, row)


@staff_page(may="may_work")
def send(request: StaffRequest, pk: int) -> HttpResponse:
    """What would be sent, in numbers; confirmed, a worker queues exactly that."""
    row = find(request, pk)
    ready = ordering.to_send(heap=row, user=request.user)
    form = ConfirmForm(request.POST if request.method == "POST" else None, word=word_in(request.environment))
    if request.method == "POST" and form.is_valid():
        try:
            number = ordering.order_sending(
                heap=row, user=request.user, shown=request.POST.get("shown", ""), at=timezone.now()
            )
        except ordering.HasChanged:
            messages.warning(request, _("Noe er endret siden du leste siden. Se over på nytt før du sender."))
            return redirect(request.get_full_path())
        except Heap.DoesNotExist:
            return _gone(request)
        _wake(request)
        text = ngettext("%(n)s innsending legges i kø.", "%(n)s innsendinger legges i kø.", number)
        messages.success(request, text % {"n": number})
        return _to(request, row)
    numbers = [
        (catalogue.name_of(service), shown.spoken(Period.found(period)), n) for service, period, n in ready.numbers
    ]
    context = {"heap": row, "ready": ready, "numbers": numbers, "form": form, "word": word_in(request.environment)}
    settings = catalogue.local(request.environment)
    context["is_asked"] = any(settings.needs_approval(catalogue.service(one)) for one, _period, _n in ready.numbers)
    return render(request, "submissions/heap_send.html", context, status=422 if form.errors else 200)


@staff_page()
@require_GET
def rest_list(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    content = rest.as_list(heap=row, user=request.user, at=timezone.now())
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ikke-brukt-{row.pk}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


@staff_page()
@require_GET
def rest_files(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    package = rest.as_zip(heap=row, user=request.user, at=timezone.now())
    name = f"ikke-brukt-{row.pk}.zip"
    response = FileResponse(package, as_attachment=True, filename=name, content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    return cast("HttpResponse", response)


@staff_page(may="may_work")
def delete(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    address = reverse("heap", kwargs={"environment": request.environment, "pk": pk})
    question = Question(
        title=_("Forkast samlingen?"),
        consequences=[
            _("Filene som ikke er i en kladd, slettes."),
            _("Kladder og innsendinger som er laget av samlingen, blir liggende."),
        ],
        button=_("Forkast"),
        trail=[
            (_("Innsendinger"), reverse("submissions", kwargs={"environment": request.environment})),
            (_("Sorter filer"), address),
        ],
        word=word_in(request.environment),
    )
    if (answer := ask_first(request, question)) is not None:
        return answer
    removal.delete(heap=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Samlingen er forkastet."))
    return redirect("heaps", environment=request.environment)
