"""Lines of the overview for administrators: a missing backup, deletions that do not get on, an audit trail that was changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Vendor
from portal.core.backup.row import Backup
from portal.core.environments import Environment
from portal.core.next_step import list_of as _url
from portal.core.retention.run import PurgeRun
from portal.core.trail import watch
from portal.desk.counting import Counted
from portal.desk.todo import KEEP, Todo
from portal.explain import explain


def selections(at: datetime) -> dict[str, QuerySet[Any]]:
    """`backup`: the vendor, when no backup is young enough."""
    young = Backup.objects.filter(
        finished_at__isnull=False, began_at__gte=at - timedelta(hours=settings.BACKUP_WITHIN_HOURS)
    )
    missed = Vendor.objects.filter(~Exists(young)) if settings.BACKUP_WITHIN_HOURS else Vendor.objects.none()
    return {"backup": missed, "purges": PurgeRun.objects.filter(finished_at=None).exclude(problem_code="")}


def about_kept(environment: Environment, counts: Mapping[str, Counted], *, at: datetime) -> list[Todo]:
    n = counts["purges"].n
    stuck = ngettext("Sletting kommer ikke videre", "Slettinger kommer ikke videre", n)
    page, text = _url(environment, "kept"), _("Be den som drifter portalen, se etter hvorfor.")
    return [
        Todo(counts["backup"].n, _("Det mangler en fersk sikkerhetskopi"), text, _("Vis"), page, may=KEEP),
        Todo(n, stuck, _("Det som er for gammelt, blir liggende."), _("Se hva"), page, may=KEEP),
        *_about_trail(environment, at),
    ]


def _about_trail(environment: Environment, at: datetime) -> list[Todo]:
    """One query: see `find_state`."""
    state = watch.find_state(at=at)
    if state.is_well:
        return []
    title, text = (
        _("Revisjonsloggen er ikke kontrollert"),
        _("Den skal kontrolleres hver natt. Se hvorfor det ikke skjer."),
    )
    if state.broken:
        about = explain(state.broken.code)
        title, text = _("Revisjonsloggen stemmer ikke"), f"{about.title}. {about.cause}"
    page = f"{_url(environment, 'operation')}#kept"
    return [Todo(1, title, text, _("Se hva"), page, is_urgent=True, may=KEEP)]
