"""Template tag of what takes two persons."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse

from accounts.services import proposals

register = template.Library()


@register.inclusion_tag("desk/second/waits.html", takes_context=True)
def standing_proposal(context: Context, row: Any) -> dict[str, Any]:
    """That something about the row waits for a second person, with the way there. One query, and none while the rule is off."""
    found = proposals.standing(row)
    where = {"environment": context["request"].environment}
    return {"proposal": found, "url": reverse("proposal", kwargs={**where, "pk": found.pk}) if found else ""}
