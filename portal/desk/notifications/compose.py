"""The mail to a member of staff: plain text and HTML of the same words, in their language.

It says numbers and leads to the lists. It names no customer and no person, as a mail is read outside the portal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import NoticeMail, User, Vendor
from portal.core.counting import spaced
from portal.core.environments import Environment
from portal.core.outbox.message import MailPayload
from portal.core.outbox.style import CSS
from portal.desk import changed
from portal.desk.attention import attention
from portal.desk.notifications.news import News
from portal.desk.todo import split

Kind = NoticeMail.Kind
MOST_TASKS = 8


@dataclass(frozen=True)
class Line:
    text: str
    url: str


@dataclass(frozen=True)
class Section:
    """One environment. `tasks`: what waits for the person there, in summaries."""

    label: str
    news: list[Line]
    tasks: list[Line]


def compose(*, user: User, kind: str, news: Sequence[News], at: datetime) -> MailPayload:
    """`news` is not empty. Two queries for each environment in a summary, one else."""
    with translation.override(user.language):
        sections = [_section(user, environment, kind, news, at) for environment in _environments(news)]
        first = Environment(_environments(news)[0])
        vendor = Vendor.objects.first()
        context = {
            "vendor": vendor.name if vendor else "", "sections": sections, "language": user.language, "css": CSS,
            "lead": _lead(kind), "label": _("Åpne oversikten"), "has_tasks": any(section.tasks for section in sections),
            "overview": _absolute(reverse("dashboard", kwargs={"environment": first})),
            "account": _absolute(reverse("account", kwargs={"environment": first})),
        }  # fmt: skip
        return MailPayload(
            subject=_subject(kind, news, sections),
            text=render_to_string("desk/mail/notice.txt", context),
            html=render_to_string("desk/mail/notice.html", context),
            reply_to="",
            language=user.language,
            headers={"Auto-Submitted": "auto-generated"},
        )


def _environments(news: Iterable[News]) -> list[str]:
    there = {one.environment for one in news}
    return [environment.value for environment in reversed(Environment) if environment.value in there]


def _section(user: User, environment: str, kind: str, news: Sequence[News], at: datetime) -> Section:
    own = [one for one in news if one.environment == environment]
    numbers = Counter(one.code for one in own)
    first = {code: min(one.happened_at for one in own if one.code == code) for code in numbers}
    lines = [
        changed.line(code, numbers[code], environment, first[code] - timedelta.resolution)
        for code in changed.SOURCES
        if code in numbers
    ]
    tasks = (
        split(attention(user=user, environment=Environment(environment), at=at), user.within(environment)).own
        if kind == Kind.DIGEST
        else []
    )
    return Section(
        str(Environment(environment).label),
        [_line(line.count, line.title, line.url) for line in lines],
        [_line(line.count, line.title, line.url) for line in tasks[:MOST_TASKS]],
    )


def _line(count: int, title: str, url: str) -> Line:
    return Line(f"{spaced(count)} {title[:1].lower()}{title[1:]}", _absolute(url))


def _absolute(url: str) -> str:
    return f"{settings.PORTAL_URL}{url}"


def _lead(kind: str) -> str:
    return _("Dette har skjedd siden forrige oppsummering:") if kind == Kind.DIGEST else _("Dette har skjedd:")


def _subject(kind: str, news: Sequence[News], sections: Sequence[Section]) -> str:
    lines = [line for section in sections for line in section.news]
    if kind == Kind.DIGEST:
        text = ngettext("Oppsummering: %(n)s ny hendelse", "Oppsummering: %(n)s nye hendelser", len(news))
        return text % {"n": spaced(len(news))}
    text = ngettext("%(n)s ny hendelse", "%(n)s nye hendelser", len(news))
    return lines[0].text if len(lines) == 1 else text % {"n": spaced(len(news))}
