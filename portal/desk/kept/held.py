"""What is held about one customer, kind by kind: how much, what an erasure takes, and what stays and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Customer
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.enqueue import enqueue_by_name
from portal.core.formats import spelled_date
from portal.core.retention import periods, work
from portal.core.retention.run import PurgeRun
from portal.desk.kept.rules import RULES
from portal.desk.kept.texts import OF_ONE
from submissions.models import Document, Submission

TASK = "portal.tasks.purge"


class NotArchived(Exception):
    """The relation has not come to its end: what is held is needed."""


@dataclass(frozen=True)
class Goes:
    """A kind that an erasure takes. `number`: rows."""

    title: str
    what: str
    number: int


def goes(customer: Customer) -> list[Goes]:
    """Only of a customer that is archived. One query for each kind."""
    counted = {
        kind: rule.of_customer(customer.pk).count() for kind, rule in RULES.items() if rule.of_customer is not None
    }
    texts = {kind: OF_ONE[kind] for kind, number in counted.items() if number}
    return [Goes(str(title), str(what), counted[kind]) for kind, (title, what) in texts.items()]


def stays(customer: Customer) -> list[str]:
    """Sentences: what no erasure takes, why, and until when."""
    sentences = [
        _("Navn og organisasjonsnummer: uten dem sier historikken ikke hvem den gjelder. De er offentlige."),
        _(
            "Hva dere spurte om, sendte og hentet, når, og hvem hos dere det var: dere må kunne vise hva dere har gjort for kunden."
        ),
        _("Revisjonssporet: det kan ikke endres. Det har ikke noe av innholdet i oppgaver, brev eller notater."),
        _("Sikkerhetskopier fra før slettingen, til de selv blir slettet."),
    ]
    return [*_evidence(customer), *sentences]


def _evidence(customer: Customer) -> list[str]:
    sent = Submission.objects.filter(customer=customer, queued_at__isnull=False)
    documents = Document.objects.filter(submission__in=sent)
    number, newest = documents.count(), sent.filter(documents__isnull=False).aggregate(at=Max("status_at"))["at"]
    if not number:
        return []
    until = periods.ends_at("evidence", RULES["evidence"].kept, since=newest)
    text = ngettext(
        "Det som er sendt, med kvitteringer og svar (%(n)s fil): det hører til regnskapet, som loven krever oppbevart.",
        "Det som er sendt, med kvitteringer og svar (%(n)s filer): det hører til regnskapet, som loven krever oppbevart.",
        number,
    )
    end = _("Det siste slettes etter %(date)s.") % {"date": spelled_date(until)} if until else ""
    return [f"{text % {'n': number}} {end}".strip()]


def is_under_way(customer: Customer) -> bool:
    return PurgeRun.objects.filter(customer_id_ref=customer.pk, finished_at=None).exists()


def erase(*, customer: Customer, by: str, at: datetime) -> int:
    """Let a worker delete what `goes` names. Returns the number of kinds. Raises NotArchived."""
    with transaction.atomic():
        row = Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
        if row.archived_at is None:
            raise NotArchived
        number = work.plan_of_customer(RULES.values(), customer_id=row.pk, by=by, at=at)
        if number:
            record(by=by, at=at, target=row, what=AuditType.ERASURE_ORDERED, customer_id=row.pk, number=number)
            enqueue_by_name(TASK)
    return number
