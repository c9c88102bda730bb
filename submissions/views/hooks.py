"""The webhook for Altinn Events. Unsigned and without log-in: the secret in the URL authenticates it, and the body only triggers a poll."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.guard import public_page
from accounts.login import ip_of
from portal.core import enqueue, rate
from portal.gateways.events import parse_event
from submissions import tasks
from submissions.services.inbox import events

MOST_REFUSED = 60
"""In a minute, from one address. What is taken is not counted: Altinn may send as much as happens."""


@csrf_exempt
@public_page
@require_POST
def event_webhook(request: HttpRequest, secret: str) -> HttpResponse:
    """204 for an event that was stored or ignored, 404 for an unknown secret, 400 for anything else, 413 for a body over

    64 kB, 429 for an address that was refused MOST_REFUSED times in this minute. Answers at once: a worker does the polling.
    """
    at, sender = timezone.now(), f"hooks:{ip_of(request)}"
    if rate.counted(sender, at=at) >= MOST_REFUSED:
        return HttpResponse(status=429)
    try:
        is_news = events.receive(secret=secret, event=parse_event(request.body), at=at)
    except (events.UnknownSecret, ValueError) as error:
        rate.count(sender, at=at)
        return HttpResponse(status=404 if isinstance(error, events.UnknownSecret) else 400)
    if is_news:
        enqueue.enqueue_on_commit(tasks.poll_cursors)
    return HttpResponse(status=204)
