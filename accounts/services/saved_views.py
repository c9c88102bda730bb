"""How a person has lists: kept views, and the height of the rows. It changes nothing for others, so the audit trail has none of it."""

from __future__ import annotations

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import SavedView, User
from portal.core.environments import Environment
from portal.core.masking import without_identity_numbers
from portal.core.paging import changed
from portal.gateways.text import one_line

MOST = 20
"""Of one list."""


class NotSaved(Exception):
    """The text says why."""


def save_view(*, user: User, environment: Environment, path: str, name: str, query: str) -> SavedView:
    """Keep the filter; one of the same name is replaced. Raises NotSaved."""
    name, query = without_identity_numbers(one_line(name))[:60].strip(), changed(QueryDict(query), file="")
    if not name:
        raise NotSaved(_("Gi visningen et navn."))
    if len(query) > 2000 or len(path) > 200:
        raise NotSaved(_("Filteret er for langt til å lagres."))
    with transaction.atomic():
        User.objects.select_for_update(of=("self",)).get(pk=user.pk)  # two at once do not pass the limit together
        others = SavedView.objects.filter(user=user, path=path).exclude(name=name)
        if others.count() >= MOST:
            raise NotSaved(_("Listen har %(n)s lagrede visninger. Slett en først.") % {"n": MOST})
        view, _made = SavedView.objects.update_or_create(
            user=user, path=path, name=name, defaults={"query": query, "environment": environment}
        )
    return view


def set_row_height(*, user: User, is_compact: bool) -> None:
    """Of all lists, on every device."""
    user.compact_lists = is_compact
    user.save(update_fields=["compact_lists"])


def delete_view(view: SavedView) -> None:
    view.delete()
