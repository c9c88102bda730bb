"""Reports of every way of sending, through the engine: files are made, checked, queued, sent, answered and, some of them, corrected."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from accounts.models import Customer
from portal.local.lived_in.asking import AUTUMN, FIRST, NEWEST, RETURNS, WAGE_EARNERS, of
from portal.local.lived_in.people import WEST
from portal.local.lived_in.stage import HERE, Stage
from submissions.adapters import adapter
from submissions.adapters.base import About
from submissions.models import Heap, Submission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import drafts, removing
from submissions.services.drafting.preflight import preflight
from submissions.services.due import expectations
from submissions.services.heaps import intake, ordering
from submissions.services.sending.queue import queue
from submissions.services.ways import about_of, adapter_of
from submissions.views.examples import Example
from systemusers.models import Access

SHARES, WAGES = "innrapportering-aksjonaerregisteroppgave", "innrapportering-amelding"
HOUSING, COMPANY = "innrapportering-boligsameie", "innrapportering-boligselskap"
UPLOAD, WAGE_UPLOAD = "innrapportering-tpo-filmottak", "innrapportering-amelding-filopplasting"
TAX_RETURN = "skattemelding"
MONTHS = 4
REPORTERS = 18
"""Of the customers that have approved, so many report wages each month."""


def last_year(stage: Stage) -> Period:
    return Period.year(timezone.localdate(stage.now).year - 1)


def months(stage: Stage) -> list[Period]:
    """Those that have ended lately, the oldest first."""
    today = timezone.localdate(stage.now)
    found = [Period.month(today.year, today.month).before]
    for _month in range(MONTHS - 1):
        found.append(found[-1].before)
    return found[::-1]


def usable(part: tuple[int, int]) -> list[Access]:
    """Accesses that can be used, in the order of the customers."""
    rows = Access.objects.loaded().filter(customer__in=of(part), status__in=Access.USABLE)
    return list(rows.select_related("customer__portfolio").order_by("pk"))


# --- One report ---------------------------------------------------------------------------------------------------------


def writer_of(stage: Stage, customer: Customer) -> str:
    is_west = customer.portfolio is not None and customer.portfolio.name == WEST
    return stage.person("ola" if is_west else "nora").actor


def draft(stage: Stage, access: Access, service: str, period: Period, *, wrong: bool = False) -> Submission:
    by = writer_of(stage, access.customer)
    made = drafts.create_draft(access=access, service=service, period=period, by=by, at=stage.at)
    fill(stage, made, wrong=wrong)
    return made


def fill(stage: Stage, made: Submission, *, wrong: bool = False) -> None:
    """The files that the vendor's own program would make."""
    by = writer_of(stage, made.customer)
    files = adapter_of(made).examples(about_of(made), name=made.customer.name, wrong=wrong)
    drafts.add_files(submission=made, files=[Example(f.name, f.content) for f in files], by=by, at=stage.at)
    made.refresh_from_db()


def put_in_queue(stage: Stage, made: Submission) -> None:
    confirmed = frozenset(code for code, _text in preflight(made).questions)
    queue(submission=made, by=writer_of(stage, made.customer), at=stage.at, confirmed=confirmed)


def report(
    stage: Stage, accesses: Iterable[Access], service: str, period: Period, *, rejected: Iterable[int] = ()
) -> list[Submission]:
    """Sent and delivered; `rejected` are the numbers of those whose sums do not add up."""
    wrong, made = set(rejected), []
    for n, access in enumerate(accesses):
        made.append(draft(stage, access, service, period, wrong=n in wrong))
        put_in_queue(stage, made[-1])
    stage.send()
    return made


def correct(stage: Stage, rows: Iterable[Submission]) -> None:
    for row in rows:
        row.refresh_from_db()
        fixed = drafts.copy_for_correction(submission=row, by=writer_of(stage, row.customer), at=stage.at)
        for document in fixed.documents.all():
            removing.remove(submission=fixed, document=document, by=fixed.created_by, at=stage.at)
        fill(stage, fixed)
        put_in_queue(stage, fixed)
    stage.send()


def answered(stage: Stage) -> None:
    """Skatteetaten has answered, and a worker has read it."""
    stage.let_pass(hours=3)
    stage.send()
    stage.read()


# --- Chapters -----------------------------------------------------------------------------------------------------------


def expect_reports(stage: Stage) -> None:
    """From whom reports are expected: decided for wages and shares, left as a suggestion for housing."""
    ida = stage.person("ida")
    wages = [row.customer_id for row in usable(FIRST)[: REPORTERS + 6]]
    waiting = [row.pk for row in of(FIRST) if row.pk not in wages][:6]
    for service, keys, first in (
        (WAGES, [*wages, *waiting], months(stage)[0]),
        (SHARES, [row.pk for row in of(FIRST)], last_year(stage)),
        (SHARES, [row.pk for row in of((AUTUMN[0], NEWEST[1]))], Period.year(last_year(stage).start.year + 1)),
    ):
        decision = expectations.Decision(catalogue.service(service), True, first)
        expectations.decide(customers=keys, decision=decision, environment=HERE, by=ida.actor, at=stage.at)


def shares(stage: Stage) -> None:
    """Late in the year before last year's reports were due again: most are accepted, two are rejected, one is corrected."""
    made = report(stage, usable(FIRST)[:14], SHARES, last_year(stage), rejected=(4, 9))
    answered(stage)
    stage.let_pass(days=1)
    correct(stage, made[4:5])


def housing(stage: Stage) -> None:
    report(stage, usable(FIRST)[14:20], HOUSING, last_year(stage), rejected=(3,))
    report(stage, usable(FIRST)[20:24], COMPANY, last_year(stage))
    answered(stage)


def wages(stage: Stage, *, number: int) -> None:
    """The month with this number: through drafts, and the newest through one heap of files."""
    period, everybody = months(stage)[number], usable(FIRST)
    if number == MONTHS - 1:
        wages_from_a_heap(stage, everybody[:REPORTERS], period)
        others = [row for row in everybody[:REPORTERS] if writer_of(stage, row.customer) == stage.person("ola").actor]
        report(stage, others, WAGES, period)
    else:
        rejected = (number * 3 + 1, number * 3 + 7)
        made = report(stage, everybody[:REPORTERS], WAGES, period, rejected=rejected)
        answered(stage)
        correct(stage, [made[n] for n in rejected[: 2 - number % 2]])
    stage.let_pass(hours=3)


def wages_from_a_heap(stage: Stage, accesses: list[Access], period: Period) -> None:
    """One file for each customer and one that is none, dropped together; a worker sorts, drafts and sends them."""
    nora, entry = stage.person("nora"), catalogue.service(WAGES)
    hers = [row for row in accesses if row.customer.portfolio and row.customer.portfolio.name != WEST]
    uploads = [Example("huskeliste.txt", b"Ring Blid Bever")]
    for access in hers:
        about = About(access.customer.orgnr, period, WAGES, entry.options)
        made = adapter(entry.adapter).examples(about, name=access.customer.name, wrong=False)
        uploads += [Example(f"{access.customer.reference}-{file.name}", file.content) for file in made]
    heap = intake.begin(user=nora, environment=HERE, uploads=uploads, at=stage.at)
    stage.sort()
    ordering.order_drafts(heap=heap, user=nora, at=stage.at)
    stage.sort()
    stage.send()
    heap = Heap.objects.get(pk=heap.pk)
    shown = ordering.to_send(heap=heap, user=nora)
    ordering.order_sending(heap=heap, user=nora, shown=shown.token, at=stage.at)
    stage.sort()
    stage.send()


def other_ways(stage: Stage) -> None:
    """Third-party information as an upload, large a-meldinger as uploads, and tax returns that a person confirms in Altinn."""
    returns = usable(RETURNS)
    report(stage, returns[:4], UPLOAD, last_year(stage), rejected=(2,))
    report(stage, usable(WAGE_EARNERS)[8:10], WAGE_UPLOAD, months(stage)[1])
    report(stage, returns[4:9], TAX_RETURN, last_year(stage))
    for _turn in range(3):  # the authority checks what was uploaded
        stage.let_pass(minutes=20)
        stage.send()
    instances = stage.control("GET", "/control/app-instances")
    for instance in instances[:3]:
        stage.control("POST", f"/control/app-instances/{instance['id']}/confirm")
    for _turn in range(2):
        stage.let_pass(hours=3)
        stage.send()
