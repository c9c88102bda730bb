"""The webhook for Altinn Events. Unsigned and without log-in: the secret in the URL authenticates it, and the body only triggers a poll."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.guard import public_page
from portal.core import enqueue
from portal.gateways.events import parse_event
from submissions import tasks
from submissions.services.inbox import events


@csrf_exempt
@public_page
@require_POST
def event_webhook(request: HttpRequest, secret: str) -> HttpResponse:
    """204 for an event that was stored or ignored, 404 for an unknown secret, 400 for anything else, 413 for a body over

    64 kB. Answers at once: a worker does the polling.
    """
    try:
        is_news = events.receive(secret=secret, event=parse_event(request.body), at=timezone.now())
    except events.UnknownSecret:
        return HttpResponse(status=404)
    except ValueError:
        return HttpResponse(status=400)
    if is_news:
        enqueue.enqueue_on_commit(tasks.poll_cursors)
    return HttpResponse(status=204)
