"""Template tags: fields, badges, URLs within the environment, numbers and times in Norwegian format."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.colours import colour
from portal.core.counting import spaced
from portal.core.filters import grouped
from portal.core.formats import decimal, spelled_day, spelled_time
from portal.core.next_step import NextStep

register = template.Library()
NBSP = "\N{NO-BREAK SPACE}"

register.filter("colour", colour)


@register.simple_tag
def status_badge(row: Any) -> str:
    """The badge of a row with `status` choices."""
    return badge(row.status, row.get_status_display())


@register.simple_tag
def badge(code: str, label: str) -> str:
    """A template of its own would take longer than all else in the row of a list."""
    return format_html('<span class="ds-tag" data-color="{}" data-size="sm">{}</span>', colour(code), label)


@register.simple_tag
def step(row: NextStep) -> str:
    """What is to be done, with a link to where it is done, and who has to."""
    text = format_html('<a class="ds-link" href="{}">{}</a>', row.url, row.text) if row.url else row.text
    who = format_html('<span class="row__sub">{}</span>', row.who) if row.who else ""
    return format_html('<span class="step__text">{}</span>{}', text, who)


@register.simple_tag(takes_context=True)
def env_url(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """`{% env_url 'customer' pk=customer.pk %}`: the address of a staff page in the environment we are in."""
    environment = kwargs.pop("environment", None) or context["request"].environment
    return reverse(name, args=args or None, kwargs=None if args else {"environment": environment, **kwargs})


@register.simple_block_tag
def breadcrumbs(content: str) -> str:
    """The path to this page: a `crumb` for each page above it, and one without an address for the page itself."""
    return format_html(
        '<nav class="ds-breadcrumbs" aria-label="{}"><ol>{}</ol></nav>',
        _("Du er her"),
        content,
    )


@register.simple_block_tag(takes_context=True)
def crumb(context: Context, content: str, name: str = "", *, url: str = "", lang: str = "", **kwargs: Any) -> str:
    """`{% crumb 'customer' pk=customer.pk %}{{ customer.name }}{% endcrumb %}`: a page of the environment, or `url`.

    `lang` is the language of the text where it is not that of the page.
    """
    address = url or (env_url(context, name, **kwargs) if name else "")
    language = format_html(' lang="{}"', lang) if lang else ""
    if address:
        return format_html('<li><a class="ds-link" href="{}"{}>{}</a></li>', address, language, content)
    return format_html('<li><span aria-current="page"{}>{}</span></li>', language, content)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, **attrs: Any) -> dict[str, Any]:
    """A form field with label, help, error and ARIA attributes. Extra keywords become attributes of the control.

    One that cannot be changed is shown as text.
    """
    widget = bound.field.widget
    described = [f"{bound.auto_id}-help"] if bound.help_text else []
    described += [f"{bound.auto_id}-error"] if bound.errors else []
    given = {name.replace("_", "-"): value for name, value in attrs.items()}
    aria = {"aria-describedby": " ".join(described)} if described else {}
    invalid = {"aria-invalid": "true"} if bound.errors else {}
    return {
        "bound": bound,
        "is_text": bound.field.disabled,
        "control": bound.as_widget(attrs={"class": "ds-input", **aria, **invalid, **given}),
        "is_group": isinstance(widget, (CheckboxSelectMultiple, RadioSelect)),
        "is_choice": isinstance(widget, CheckboxInput),
    }


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """All errors of a form at the top of the page, each linked to its field."""
    return {"form": form}


@register.filter
def orgnr(value: str) -> str:
    """`310629499` as `310 629 499` with spaces that do not break."""
    return grouped(str(value))


@register.filter
def count(value: int) -> str:
    """`1248` as `1 248`."""
    return spaced(value if isinstance(value, int) else int(value))


@register.filter
def size(value: int) -> str:
    """Bytes as `48 kB`."""
    if value < 1000:
        return f"{value}{NBSP}B"
    return f"{value / 1000:.0f}{NBSP}kB" if value < 1_000_000 else f"{decimal(value / 1_000_000)}{NBSP}MB"


@register.filter
def unbroken(value: str) -> str:
    """A telephone number that stays on one line."""
    return value.replace(" ", NBSP)


@register.filter
def when(value: datetime | None) -> str:
    """A time in words: see `spelled_time`."""
    return spelled_time(value) if value else "–"


@register.simple_tag
def today() -> str:
    """The date in Norway, with the day of the week."""
    return capfirst(spelled_day(timezone.localdate()))


@register.filter
def day(value: date | None) -> str:
    """A date with the day of the week."""
    return spelled_day(value) if value else "–"


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago, in the largest whole unit: `for 3 dager siden`."""
    if value is None:
        return "–"
    seconds = max(0, int((timezone.now() - value).total_seconds()))
    if seconds < 60:
        return _("nå nettopp")
    if seconds < 3600:
        n = seconds // 60
        return ngettext("for %(n)s minutt siden", "for %(n)s minutter siden", n) % {"n": n}
    if seconds < 86400:
        n = seconds // 3600
        return ngettext("for %(n)s time siden", "for %(n)s timer siden", n) % {"n": n}
    n = seconds // 86400
    return ngettext("for %(n)s dag siden", "for %(n)s dager siden", n) % {"n": n}


@register.filter
def took(value: timedelta | None) -> str:
    """How long something took, in the largest unit of which there are two: `41 min`, `26 t`, `3 døgn`."""
    if value is None:
        return "–"
    minutes = round(value.total_seconds() / 60)
    if minutes < 120:
        return _("%(n)s min") % {"n": minutes}
    hours = round(minutes / 60)
    return _("%(n)s t") % {"n": hours} if hours < 48 else _("%(n)s døgn") % {"n": round(hours / 24)}
