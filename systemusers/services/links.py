"""The customer's link: one unguessable URL per access. It shows the current state and leads to Altinn.

It needs no log-in and shows this one access only. A GET, for example by a mail scanner, changes nothing.
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
from portal.core.audit_events import AuditType
from portal.core.states import LostRace
from portal.gateways.errors import GatewayError
from systemusers.models import Access
from systemusers.services.access.ask import NotPossible, renew_access
from systemusers.services.access.escalations import FEW, note_escalations
from systemusers.services.access.poll import poll_now
from systemusers.services.access.send import send_now
from systemusers.services.keys import NoKey

logger = logging.getLogger(__name__)
BY = "customer:link"
STALE = timedelta(hours=1)
PAUSE = 5
"""Seconds between two looks at Altinn's list of its requests for a system, and after an answer that did not come."""
Status = Access.Status
RENEWABLE = {Status.REJECTED, Status.EXPIRED, Status.REMOVED}
"""States from which the customer may renew; after WITHDRAWN only staff may."""


class UnknownLink(Exception):
    """No access has this token."""


class ClosedLink(Exception):
    """Staff closed the link."""


def find_link(token: str) -> Access:
    """The access behind a link. Raises UnknownLink, ClosedLink."""
    rows = Access.objects.select_related("customer", "profile__system__client")
    row = rows.filter(link_token=token).first()
    if row is None:
        raise UnknownLink
    if row.link_revoked_at is not None:
        raise ClosedLink
    return row


def link_url(access: Access) -> str:
    """The whole address, as it is sent to the customer."""
    return settings.PORTAL_URL + reverse("customer-link", kwargs={"token": access.link_token})


def note_opened(*, access: Access, at: datetime) -> None:
    """A person opened the page: SENT -> OPENED. Idempotent."""
    if access.opened_at is None:
        Access.objects.filter(pk=access.pk, opened_at__isnull=True).update(opened_at=at)
    if access.status == Status.SENT:
        try:
            access.move_to(Status.OPENED, by=BY, at=at)
        except LostRace:
            access.refresh_from_db()


def go_on(*, access: Access, at: datetime, by: str = BY) -> str:
    """The URL of Altinn's approval page; the access is renewed when the old request has expired.

    `by` is a user when staff play the customer; the link then does not count as opened.

    "" when there is no URL yet (Altinn does not answer) or nothing to approve: see the state.
    """
    if access.status in Access.OPEN and at - (access.polled_at or access.sent_at or at) > STALE:
        access = ask_altinn(access=access, at=at)
    if access.status in RENEWABLE:
        _renew(access, by, at)
    if access.status == Status.DRAFT:
        access = _send_now(access, at)
    if access.status not in Access.OPEN or not access.confirm_url:
        return ""
    if by == BY:
        note_opened(access=access, at=at)
    record(by=by, at=at, target=access, what=AuditType.LED_TO_ALTINN)
    return access.confirm_url


def _renew(access: Access, by: str, at: datetime) -> None:
    try:
        renew_access(access=access, by=by, at=at)
    except LostRace:
        access.refresh_from_db()
    except NotPossible:
        logger.warning("access %s could not be renewed by its link: the system is gone", access.pk)


def _send_now(access: Access, at: datetime) -> Access:
    """Send now, while the person waits; the sweep retries after an error."""
    try:
        send_now(access=access, at=at)
    except LostRace as error:
        logger.info("access %s was not sent at once: %s", access.pk, error)
    return find_link(access.link_token)


def ask_altinn(*, access: Access, at: datetime) -> Access:
    """The row as it is after asking Altinn now; unchanged when Altinn does not answer or was asked just before."""
    if access.status not in Access.OPEN or cache.get(_away(access)):
        return access
    _ask(access, lambda: poll_now(access=access, by=BY, at=at))
    access = find_link(access.link_token)
    if access.status in {Status.SENT, Status.OPENED} and _may_list(access):
        _ask(access, lambda: note_escalations(system=access.profile.system, at=at))
        access = find_link(access.link_token)
    return access


def _away(access: Access) -> str:
    return f"altinn-away:{access.environment}"


def _ask(access: Access, call: Callable[[], object]) -> None:
    """Log errors; after one of Altinn, pages do not ask again for PAUSE seconds."""
    try:
        call()
    except (LostRace, NoKey) as error:
        logger.info("access %s was not looked at: %s", access.pk, error)
    except GatewayError as error:
        logger.info("altinn did not answer about access %s: %s", access.pk, error)
        cache.set(_away(access), True, PAUSE)


def _may_list(access: Access) -> bool:
    """Only Altinn's list tells that a request was forwarded. One look serves all customers for a while."""
    system = access.profile.system
    waiting = Access.objects.filter(profile__system=system, status__in={Status.SENT, Status.OPENED})
    if cache.get(_away(access)) or waiting[FEW : FEW + 1].exists():
        return False
    return cache.add(f"altinn-listed:{system.pk}", True, PAUSE)


def forward_text(access: Access, *, vendor_name: str) -> tuple[str, str]:
    """Subject and body of a mail to an approver, in the active language."""
    names = {"vendor": vendor_name, "customer": access.customer.name, "url": link_url(access)}
    subject = _("Gi %(vendor)s systemtilgang for %(customer)s") % names
    body = _(
        "Hei!\n\n%(vendor)s ber om tilgang til å rapportere til Skatteetaten for %(customer)s. "
        "Det må godkjennes i Altinn av daglig leder, styreleder eller en tilgangsstyrer. Det tar omtrent ett minutt.\n\n"
        "Les mer og godkjenn her:\n%(url)s\n"
    )
    return subject, body % names


def mailto(subject: str, body: str, *, to: str = "") -> str:
    """A mailto URL with subject and body."""
    return f"mailto:{quote(to, safe='@')}?subject={quote(subject)}&body={quote(body)}"
