"""The page behind the stop link of a mail: one press, no log-in. A mail program that offers to unsubscribe posts to it as well
(RFC 8058), so a GET changes nothing and a POST needs no CSRF token: the secret in the address is all its authority.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from systemusers.models import Access, Invitation
from systemusers.services import invitations
from systemusers.services.links import BY
from systemusers.views.link import is_preview, link_context, link_page


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@link_page
def stop(request: HttpRequest, row: Access) -> HttpResponse:
    if request.method == "POST" and not is_preview(request):
        invitations.stop(access=row, by=BY, at=timezone.now(), why=Invitation.Why.BY_CUSTOMER)
    is_stopped = Invitation.objects.filter(access=row, muted_at__isnull=False).exists()
    context = {**link_context(request, row), "is_stopped": is_stopped}
    return render(request, "systemusers/link/stop.html", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@link_page
def stop_address(request: HttpRequest, row: Access, address: int) -> HttpResponse:
    """The stop link of one of several persons at the customer."""
    if request.method == "POST" and not is_preview(request):
        invitations.stop_address(access=row, address=address, by=BY, at=timezone.now())
    is_stopped = row.customer.mail_addresses.filter(pk=address, muted_at__isnull=False).exists()
    context = {**link_context(request, row), "is_stopped": is_stopped}
    return render(request, "systemusers/link/stop.html", context)
