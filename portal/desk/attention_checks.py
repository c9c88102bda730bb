"""The overview's lines of drafts that cannot be checked and of heaps that cannot be sorted, for a fault here."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.environments import Environment
from portal.core.next_step import list_of
from portal.desk.counting import Counted
from portal.desk.todo import Todo


def about_checks(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    """Drafts whose files cannot be checked, and heaps that cannot be sorted, for a fault here."""
    count = counts["checks"].n
    title = ngettext("Kladd har filer som ikke blir kontrollert", "Kladder har filer som ikke blir kontrollert", count)
    text = _("Filene er lagret. Grunnen står på kladden. Vi prøver igjen så lenge portalen arbeider.")
    heaps = counts["heaps"].n
    unsorted = ngettext("Filsamling blir ikke sortert", "Filsamlinger blir ikke sortert", heaps)
    kept = _("Filene er lagret. Grunnen står på samlingen. Vi prøver igjen så lenge portalen arbeider.")
    return [
        Todo(count, title, text, _("Vis"), list_of(environment, "submissions", "state=drafts")),
        Todo(heaps, unsorted, kept, _("Vis"), list_of(environment, "heaps")),
    ]
