"""Altinn's names of rights and packages, where a page shows what somebody is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.template.context import Context

from portal.core.forms import short_name
from systemusers.services import choices
from systemusers.services.offered import entries

register = template.Library()


@register.simple_tag(takes_context=True)
def named(context: Context, codes: Iterable[str]) -> list[tuple[str, str]]:
    """(name, short code) in their order, in the reader's language; the name is "" when Altinn's lists do not have it.

    One query for a page, however many lists it shows; none where the view has read them for `known`.
    """
    request, language = context["request"], choices.language()
    known = context.get("known", getattr(request, "offered", None))
    if known is None:
        known = request.offered = entries(getattr(request, "environment", "") or context["access"].environment)
    return [(known[code].name(language) if code in known else "", short_name(code)) for code in codes]
