"""What is under way today: drafts, reports that wait, a lost answer, a refusal, a question that only a person settles."""

from __future__ import annotations

from urllib.parse import urlsplit

from portal.core import lease
from portal.core.environments import addresses
from portal.local.lived_in.asking import AUTUMN, FIRST, RETURNS, accesses_of, answer, of
from portal.local.lived_in.people import House, customers
from portal.local.lived_in.reporting import (
    COMPANY,
    HOUSING,
    SHARES,
    TAX_RETURN,
    WAGES,
    draft,
    last_year,
    months,
    put_in_queue,
    usable,
    writer_of,
)
from portal.local.lived_in.stage import HERE, Stage
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.sending.queue import cancel
from systemusers.models import Access
from systemusers.services.access.ask_many import ask_many

REFUSED_BY_ALTINN = (
    '{"code": "AUTH-00019", "title": "The organisation is not on the list of the service.", "status": 400}'
)
REFUSED_BY_SKATTEETATEN = (
    '{"kode": "GLD_010", "melding": "Innholdet er ikke gyldig.", "korrelasjonsid": "", "spesifisering": []}'
)
ALTINN = "/platform/authentication/api/v1/systemuser"
MONTHS_LATE = 60 * 60 * 24 * 30


def leave_drafts(stage: Stage) -> None:
    """Ready ones, some with remarks, and some without files; one was given up."""
    rows = usable(FIRST)
    for n, access in enumerate(rows[24:30]):
        draft(stage, access, HOUSING, last_year(stage), wrong=n % 4 == 3)
    for access in rows[16:20]:
        draft(stage, access, WAGES, months(stage)[-1])
    empty = [rows[35], rows[36]]
    for access in empty:
        drafts.create_draft(
            access=access, service=COMPANY, period=last_year(stage), by=writer_of(stage, access.customer), at=stage.at
        )
    given_up = draft(stage, rows[31], COMPANY, last_year(stage))
    put_in_queue(stage, given_up)
    cancel(submission=given_up, by=writer_of(stage, given_up.customer), at=stage.at)


def deliver_today(stage: Stage) -> None:
    """Delivered, and Skatteetaten takes its time."""
    for access in usable(FIRST)[20:23]:
        order = {"verdict": "accepted", "service": SHARES, "orgnr": access.customer.orgnr, "delay_seconds": MONTHS_LATE}
        stage.control("POST", "/control/verdicts", order)
        put_in_queue(stage, draft(stage, access, SHARES, last_year(stage).before))
    stage.send()


def make_returns_ready(stage: Stage) -> None:
    for access in usable(RETURNS)[:2]:
        put_in_queue(stage, draft(stage, access, TAX_RETURN, last_year(stage).before))
    for _turn in range(4):
        stage.send()
        stage.let_pass(minutes=20)


def meet_faults(stage: Stage) -> None:
    """One report is refused, one waits for a service that is away, one lost its answer. All of it heals: by a person or by itself."""
    rows = usable(FIRST)
    _with_fault(stage, rows[32], HOUSING, last_year(stage), status=400, body=REFUSED_BY_SKATTEETATEN)
    _with_fault(stage, rows[33], COMPANY, last_year(stage), status=503, times=4)
    path = path_of(SHARES)
    made = draft(stage, rows[34], SHARES, last_year(stage).before)
    put_in_queue(stage, made)
    calls = made.calls.count()
    stage.control(
        "POST", "/control/faults", {"service": "skatteetaten", "path": path, "kind": "lost", "after": calls - 1}
    )
    stage.send()


def _with_fault(stage: Stage, access: Access, service: str, period: Period, **fault: int | str) -> None:
    stage.control("POST", "/control/faults", {"service": "skatteetaten", "path": path_of(service), **fault})
    put_in_queue(stage, draft(stage, access, service, period))
    stage.send()


def path_of(service: str) -> str:
    """Where the service is in the sandbox."""
    return urlsplit(catalogue.service(service).base_url(addresses(HERE))).path


def be_refused(stage: Stage) -> None:
    """Altinn refuses a question; the draft waits for a person, who may simply send it again."""
    fault = {"service": "authentication", "path": f"{ALTINN}/request/vendor", "status": 400, "body": REFUSED_BY_ALTINN}
    stage.control("POST", "/control/faults", fault)
    ask_many(customers=customers()[250:251], profile=House.find().yearly, by=stage.person("nora").actor, at=stage.at)
    stage.ask()


def be_answered(stage: Stage) -> None:
    """Two have just approved: nothing was asked with their access yet."""
    waiting = [row for row in accesses_of(of(AUTUMN)) if row.status == Access.Status.SENT][:2]
    answer(stage, waiting, "approve")
    lease.make_due(Access.objects.filter(pk__in=[row.pk for row in waiting]), at=stage.at)
    stage.hear()


def be_unsure(stage: Stage) -> None:
    """Altinn says that a customer has approved, and does not list the system user yet: it is looked for again in an hour."""
    who = customers()[251:252]
    ask_many(customers=who, profile=House.find().yearly, by=stage.person("nora").actor, at=stage.at)
    stage.ask()
    answer(stage, accesses_of(who), "approve")
    fault = {"service": "authentication", "path": f"{ALTINN}/vendor/byquery", "status": 404}
    stage.control("POST", "/control/faults", fault)
    lease.make_due(Access.objects.filter(customer__in=who), at=stage.at)
    stage.hear()
