"""What happened to the rows that a person sees: for the overview since the previous visit, and for the mails to staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import ngettext_lazy

from accounts.models import User
from portal.core.changed import PARAMETER, Change
from portal.core.environments import Environment
from portal.core.next_step import list_of
from submissions.models import Dialog, Submission, Transmission
from submissions.services.pages import changed as reports
from systemusers.models import Access, Campaign
from systemusers.services import changed as accesses


@dataclass(frozen=True)
class Source:
    """A kind of change, the rows of a user in which it is looked for, and where it is listed. `place`: the way to the environment."""

    change: Change
    rows: Callable[[User], QuerySet[Any]]
    page: str
    title: Any
    place: str = "environment"

    @property
    def model(self) -> str:
        """By this name what was told is remembered."""
        return {"accesses": "access", "submissions": "submission", "letters": "letter", "campaigns": "campaign"}[
            self.page
        ]


@dataclass(frozen=True)
class Line:
    """`title` has the word for the number, and not the number."""

    count: int
    title: str
    url: str


def _accesses(user: User) -> QuerySet[Any]:
    return Access.objects.visible_to(user)


def _submissions(user: User) -> QuerySet[Any]:
    return Submission.objects.visible_to(user)


def _letters(user: User) -> QuerySet[Any]:
    return Transmission.objects.filter(dialog__in=Dialog.objects.visible_to(user)).letters()


def _campaigns(user: User) -> QuerySet[Any]:
    """Those that this person made or started."""
    return Campaign.objects.visible_to(user).filter(Q(owner=user) | Q(ordered_by=user))


SOURCES = {
    "rejected": Source(
        reports.REJECTED, _submissions, "submissions",
        ngettext_lazy("innsending avvist av Skatteetaten", "innsendinger avvist av Skatteetaten", "n"),
    ),
    "failed": Source(
        reports.FAILED, _submissions, "submissions",
        ngettext_lazy("innsending ble ikke tatt imot", "innsendinger ble ikke tatt imot", "n"),
    ),
    "lost": Source(
        accesses.LOST, _accesses, "accesses",
        ngettext_lazy("tilgang fjernet av kunden", "tilganger fjernet av kundene", "n"),
    ),
    "declined": Source(
        accesses.DECLINED, _accesses, "accesses",
        ngettext_lazy("forespørsel avvist eller utløpt", "forespørsler avvist eller utløpt", "n"),
    ),
    "letter-due": Source(
        reports.LETTER_DUE, _letters, "letters",
        ngettext_lazy("nytt brev med frist", "nye brev med frist", "n"), "dialog__environment",
    ),
    "letter": Source(
        reports.LETTER, _letters, "letters",
        ngettext_lazy("nytt brev fra Skatteetaten", "nye brev fra Skatteetaten", "n"), "dialog__environment",
    ),
    "approved": Source(
        accesses.APPROVED, _accesses, "accesses",
        ngettext_lazy("tilgang godkjent av kunden", "tilganger godkjent av kundene", "n"),
    ),
    "accepted": Source(
        reports.ACCEPTED, _submissions, "submissions",
        ngettext_lazy("innsending godkjent av Skatteetaten", "innsendinger godkjent av Skatteetaten", "n"),
    ),
    "done": Source(
        accesses.DONE, _campaigns, "campaigns", ngettext_lazy("kampanje ferdig", "kampanjer ferdige", "n"),
    ),
}  # fmt: skip
"""By code, the gravest first."""
ON_OVERVIEW = ("rejected", "failed", "lost", "declined", "letter", "approved", "accepted")


def selections(user: User, environment: Environment, since: datetime) -> dict[str, QuerySet[Any]]:
    """The rows of each of ON_OVERVIEW, to be counted."""
    return {code: _changed(SOURCES[code], user, environment, since) for code in ON_OVERVIEW}


def _changed(source: Source, user: User, environment: Environment, since: datetime) -> QuerySet[Any]:
    """Of customers that the lists show."""
    rows: Any = source.rows(user)
    return source.change.after(rows.current().filter(**{source.place: environment}), since)


def line(code: str, number: int, environment: str, since: datetime) -> Line:
    source = SOURCES[code]
    url = list_of(environment, source.page, f"{PARAMETER}={source.change.value(since)}")
    return Line(number, str(source.title % {"n": number}), url)
