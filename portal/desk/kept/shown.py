"""What the page of administrators shows: the newest backup, the deletions that are planned, the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Customer
from portal.core.retention.rule import Rule
from portal.core.retention.run import PurgeRun
from portal.desk.kept.rules import RULES
from portal.desk.kept.texts import TEXTS
from portal.explain import explain


@dataclass(frozen=True)
class RuleRow:
    """`last`: the newest run that is finished."""

    title: str
    what: str
    why: str
    kept: str
    last: PurgeRun | None


@dataclass(frozen=True)
class RunRow:
    """A deletion that is not finished. `customer`: whom it is about, "" for all."""

    run: PurgeRun
    title: str
    customer: str
    problem: str
    can_postpone: bool


def rules() -> list[RuleRow]:
    """Two queries at the most."""
    newest = PurgeRun.objects.filter(finished_at__isnull=False, customer_id_ref=None).order_by("kind", "-planned_at")
    last = {run.kind: run for run in newest.distinct("kind")}
    return [_rule(rule, last.get(rule.kind)) for rule in RULES.values()]


def _rule(rule: Rule, last: PurgeRun | None) -> RuleRow:
    text = TEXTS[rule.kind]
    return RuleRow(str(text.title), str(text.what), str(text.why), kept_for(rule), last)


def kept_for(rule: Rule) -> str:
    if not rule.kept:
        return _("uten ende")
    if rule.is_by_year:
        return ngettext("%(n)s år etter årets slutt", "%(n)s år etter årets slutt", rule.kept) % {"n": rule.kept}
    years, rest = divmod(rule.kept, 365)
    if years and not rest:
        return ngettext("%(n)s år", "%(n)s år", years) % {"n": years}
    return ngettext("%(n)s dag", "%(n)s dager", rule.kept) % {"n": rule.kept}


def open_runs(*, at: datetime) -> list[RunRow]:
    """Those that wait and those that are worked on, the next first."""
    runs = list(PurgeRun.objects.filter(finished_at=None).order_by("begins_at", "pk"))
    names = _names(run.customer_id_ref for run in runs)
    return [_run(run, names) for run in runs]


def _run(run: PurgeRun, names: dict[int, str]) -> RunRow:
    text = TEXTS.get(run.kind)
    problem = str(explain(run.problem_code).title) if run.problem_code else ""
    title = str(text.title) if text else run.kind
    customer = names.get(run.customer_id_ref or 0, "")
    return RunRow(run, title, customer, problem, can_postpone=not run.done and run.customer_id_ref is None)


def _names(pks: Iterable[Any]) -> dict[int, str]:
    wanted = [pk for pk in pks if pk is not None]
    return dict(Customer.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}
