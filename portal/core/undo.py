"""A message with a button that undoes what was just done.

The button posts to an address of the portal, whose view calls a service; the service decides how long that is possible.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest
from django.utils.http import urlencode

UNDO_FOR = timedelta(minutes=15)
"""How long most things can be undone."""


def say_with_undo(request: HttpRequest, text: str, *, address: str, **fields: str) -> None:
    """`address` undoes it by POST. `fields` go into its query, where `field_of` finds them. `components/messages.html` reads the
    address from the message's tags.
    """
    messages.success(request, text, extra_tags=f"{address}?{urlencode(fields)}" if fields else address)


def field_of(request: HttpRequest, name: str) -> str:
    """Of a POST by a form of its own, or by the button of a message."""
    return request.POST.get(name) or request.GET.get(name, "")
