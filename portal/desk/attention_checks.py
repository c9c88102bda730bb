"""The overview's lines of drafts that cannot be checked, heaps that cannot be sorted and imports that stand still."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.environments import Environment
from portal.core.next_step import list_of
from portal.desk.counting import Counted
from portal.desk.todo import Todo


def about_checks(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    """Drafts, heaps and imports of customers on which a worker cannot go on, for a fault here."""
    count = counts["unchecked"].n
    title = ngettext("Kladd har filer som ikke blir kontrollert", "Kladder har filer som ikke blir kontrollert", count)
    text = _("Filene er lagret. Grunnen står på kladden. Vi prøver igjen så lenge portalen arbeider.")
    heaps = counts["heaps"].n
    unsorted = ngettext("Filsamling blir ikke sortert", "Filsamlinger blir ikke sortert", heaps)
    kept = _("Filene er lagret. Grunnen står på samlingen. Vi prøver igjen så lenge portalen arbeider.")
    imports = counts["imports"].n
    standing = ngettext("Import av kunder står stille", "Importer av kunder står stille", imports)
    waiting = _("Filen er lagret. Grunnen står på importen. Vi prøver igjen så lenge portalen arbeider.")
    return [
        Todo(imports, standing, waiting, _("Vis"), list_of(environment, "customer-imports", "state=stuck")),
        Todo(count, title, text, _("Vis"), list_of(environment, "submissions", "state=unchecked"), key="unchecked"),
        Todo(heaps, unsorted, kept, _("Vis"), list_of(environment, "heaps", "state=stuck")),
    ]
