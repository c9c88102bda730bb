"""The filter for the reasons of a verdict or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template

from submissions.services.pages.reasons import ShownReason, shown

register = template.Library()


@register.filter
def shown_reasons(reasons: Sequence[Mapping[str, str]]) -> list[ShownReason]:
    return shown(reasons)
