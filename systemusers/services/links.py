"""The customer's link: one unguessable address for the life of the relation. It shows the truth and leads on to Altinn.

No log-in stands before it, so it tells nothing but this one relation. Opening it by a machine changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.core.audit import record
from portal.core.states import LostRace
from portal.gateways.errors import GatewayError
from systemusers.models import SystemUserRequest
from systemusers.services.keys import NoKey
from systemusers.services.requests.ask import NotPossible, renew_request
from systemusers.services.requests.poll import poll_request
from systemusers.services.requests.send import send_request
from systemusers.services.requests.sweep import FEW, note_escalations

logger = logging.getLogger(__name__)
BY = "customer:link"
STALE = timedelta(hours=1)
OFTEN = timedelta(seconds=3)
PAUSE = 5
"""Seconds between two looks at Altinn's list of a system's requests, and after an answer that did not come."""
Status = SystemUserRequest.Status
RENEWABLE = {Status.REJECTED, Status.EXPIRED, Status.REMOVED}
"""States from which a customer who wants to may start again; what we withdrew, we have to ask for ourselves."""


class UnknownLink(Exception):
    """Nobody has this address."""


class ClosedLink(Exception):
    """It was a link once, and staff closed it."""


def find_link(token: str) -> SystemUserRequest:
    """The relation behind a link. Raises UnknownLink, ClosedLink."""
    rows = SystemUserRequest.objects.select_related("customer", "profile__system__client")
    row = rows.filter(link_token=token).first()
    if row is None:
        raise UnknownLink
    if row.link_revoked_at is not None:
        raise ClosedLink
    return row


def link_url(request: SystemUserRequest) -> str:
    """The whole address, as it is sent to the customer."""
    return settings.PORTAL_URL + reverse("customer-link", kwargs={"token": request.link_token})


def note_opened(*, request: SystemUserRequest, at: datetime) -> None:
    """A person has it before them: SENT -> OPENED. Calling it again changes nothing."""
    if request.opened_at is None:
        SystemUserRequest.objects.filter(pk=request.pk, opened_at__isnull=True).update(opened_at=at)
    if request.status == Status.SENT:
        try:
            request.move_to(Status.OPENED, by=BY, at=at)
        except LostRace:
            request.refresh_from_db()


def go_on(*, request: SystemUserRequest, at: datetime, by: str = BY) -> str:
    """The person wants to approve: the address of Altinn's page, made anew where the old one has run out.

    `by` is somebody else than the customer only where staff play the customer; that opens no link.

    "" when there is none yet (Altinn does not answer; it will be sent) or nothing to approve any more: see the state.
    """
    if request.status in SystemUserRequest.OPEN and at - (request.polled_at or request.sent_at or at) > STALE:
        request = ask_altinn(request=request, at=at)
    if request.status in RENEWABLE:
        _renew(request, by, at)
    if request.status == Status.DRAFT:
        request = _send_now(request, at)
    if request.status not in SystemUserRequest.OPEN or not request.confirm_url:
        return ""
    if by == BY:
        note_opened(request=request, at=at)
    record(by=by, at=at, target=request, what="led-to-altinn")
    return request.confirm_url


def _renew(request: SystemUserRequest, by: str, at: datetime) -> None:
    try:
        renew_request(request=request, by=by, at=at)
    except LostRace:
        request.refresh_from_db()
    except NotPossible:
        logger.warning("request %s could not be renewed by its link: the system is gone", request.pk)


def _send_now(request: SystemUserRequest, at: datetime) -> SystemUserRequest:
    """While the person waits; when it does not work now, the sweep will."""
    try:
        send_request(request_id=request.pk, at=at)
    except (LostRace, GatewayError) as error:
        logger.info("request %s was not sent at once: %s", request.pk, error)
    return find_link(request.link_token)


def ask_altinn(*, request: SystemUserRequest, at: datetime) -> SystemUserRequest:
    """The row as it is after asking Altinn now; unchanged when Altinn does not answer or was asked just before."""
    if request.status not in SystemUserRequest.OPEN or cache.get(_away(request)):
        return request
    if request.polled_at is None or request.polled_at <= at - OFTEN:
        _ask(request, lambda: poll_request(request_id=request.pk, at=at, by=BY))
        request = find_link(request.link_token)
    if request.status in {Status.SENT, Status.OPENED} and _may_list(request):
        _ask(request, lambda: note_escalations(system_id=request.profile.system_id, at=at))
        request = find_link(request.link_token)
    return request


def _away(request: SystemUserRequest) -> str:
    return f"altinn-away:{request.environment}"


def _ask(request: SystemUserRequest, call: Callable[[], object]) -> None:
    """What Altinn does not answer now is asked later; meanwhile no other page waits for it."""
    try:
        call()
    except (LostRace, NoKey) as error:
        logger.info("request %s was not looked at: %s", request.pk, error)
    except GatewayError as error:
        logger.info("altinn did not answer about request %s: %s", request.pk, error)
        cache.set(_away(request), True, PAUSE)


def _may_list(request: SystemUserRequest) -> bool:
    """That a request was sent on in the company stands in Altinn's list only. One look serves all customers for a while."""
    system = request.profile.system
    waiting = SystemUserRequest.objects.filter(profile__system=system, status__in={Status.SENT, Status.OPENED})
    if cache.get(_away(request)) or waiting[FEW : FEW + 1].exists():
        return False
    return cache.add(f"altinn-listed:{system.pk}", True, PAUSE)


def forward_text(request: SystemUserRequest, *, vendor_name: str) -> tuple[str, str]:
    """Subject and body of a mail to the one who may approve, in the language that is on."""
    names = {"vendor": vendor_name, "customer": request.customer.name, "url": link_url(request)}
    subject = _("Gi %(vendor)s systemtilgang for %(customer)s") % names
    body = _(
        "Hei!\n\n%(vendor)s ber om tilgang til å rapportere til Skatteetaten for %(customer)s. "
        "Det må godkjennes i Altinn av daglig leder, styreleder eller en tilgangsstyrer. Det tar omtrent ett minutt.\n\n"
        "Les mer og godkjenn her:\n%(url)s\n"
    )
    return subject, body % names


def mailto(subject: str, body: str, *, to: str = "") -> str:
    """An address that opens the person's own mail program with the text in place."""
    return f"mailto:{quote(to, safe='@')}?subject={quote(subject)}&body={quote(body)}"
