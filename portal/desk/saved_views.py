"""What a person keeps of lists: the filter of one under a name, and the height of the rows of all."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.models import SavedView
from accounts.services import saved_views
from portal.core.undo import field_of, say_with_undo


@staff_page()
@require_POST
def save(request: StaffRequest) -> HttpResponse:
    """`list` is the address of the list with its filter; the answer leads back to it."""
    path, query = _list_of(request)
    try:
        view = saved_views.save_view(
            user=request.user,
            environment=request.environment,
            path=path,
            query=query,
            name=field_of(request, "name"),
        )
    except saved_views.NotSaved as error:
        messages.error(request, str(error))
        return redirect(f"{path}?{query}")
    messages.success(request, _("Visningen «%(name)s» er lagret.") % {"name": view.name})
    return redirect(view.url)


@staff_page()
@require_POST
def delete(request: StaffRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView, pk=pk, user=request.user, environment=request.environment)
    saved_views.delete_view(view)
    back = reverse("view-save", kwargs={"environment": request.environment})
    said = _("Visningen «%(name)s» er slettet.") % {"name": view.name}
    say_with_undo(request, said, address=back, name=view.name, list=view.url)
    return redirect(view.path)


@staff_page()
@require_POST
def row_height(request: StaffRequest) -> HttpResponse:
    """`list` is the address of the list, which the answer leads back to."""
    path, query = _list_of(request)
    saved_views.set_row_height(user=request.user, is_compact=request.POST.get("height") == "compact")
    return redirect(f"{path}?{query}" if query else path)


def _list_of(request: StaffRequest) -> tuple[str, str]:
    """Path and query of a page of this environment. Raises Http404 for any other address."""
    try:
        given = urlsplit(field_of(request, "list"))
        match = resolve(given.path)
    except (ValueError, Resolver404) as error:
        raise Http404 from error
    if given.scheme or given.netloc or match.kwargs.get("environment") != request.environment:
        raise Http404
    return given.path, given.query
