"""Tags and the person who follows a customer up, as columns of a file that is imported."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, Tag
from accounts.services.customer_filter import workers
from accounts.services.customer_groups import LONGEST, tag_of
from accounts.services.imports.linked import LINKED, Linked, Named, Values
from portal.core.environments import Environment
from portal.core.masking import without_identity_numbers
from portal.gateways.text import one_line


def people(environment: str) -> dict[str, int]:
    """Those who may follow customers up, by e-mail address and by name. A name that several have names nobody."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    for pk, email, name in workers(environment).values_list("pk", "email", "name"):
        for key in {email.casefold(), name.casefold()} - {""}:
            twice |= {key} & found.keys()
            found[key] = pk
    return {key: pk for key, pk in found.items() if key not in twice}


class Tagging(Linked):
    """The names of tags. See `Linked`."""

    field = "tags"
    label = _("Merkelapper")
    hint = _("Skill merkelapper med komma.")
    headings: tuple[str, ...] = (
        "merkelapp",
        "merkelapper",
        "merkelappar",
        "merke",
        "tag",
        "tags",
        "label",
        "labels",
        "etikett",
        "etiketter",
    )
    model: type[models.Model] | None = None
    records_itself = False

    def reader(self, environment: Environment) -> Callable[[str], Values | None]:
        return names_in

    def had(self, customers: Iterable[int]) -> dict[int, Values]:
        rows = Customer.tags.through.objects.filter(customer__in=list(customers))
        found: defaultdict[int, list[str]] = defaultdict(list)
        for customer, name in rows.values_list("customer", "tag__name"):
            found[customer].append(name)
        return {customer: sorted(names) for customer, names in found.items()}

    def together(self, known: Values, added: Values) -> Values:
        """In the spelling of `known`."""
        has = {name.casefold() for name in known}
        return sorted([*known, *(name for name in added if name.casefold() not in has)])

    def write(self, named: list[Named], *, by: str, at: datetime) -> None:
        links = Customer.tags.through
        tags = {name: tag_of(name) for name in sorted({name for _customer, names in named for name in names})}
        had = links.objects.filter(customer__in=[customer for customer, _names in named])
        left = set(had.values_list("tag", flat=True))
        had.delete()
        rows = [links(customer=customer, tag=tags[name]) for customer, names in named for name in names]
        links.objects.bulk_create(rows, ignore_conflicts=True)
        _drop_unused(left)

    def not_imported(self, customers: Iterable[int]) -> set[int]:
        return set()

    def forgotten(self, customers: Iterable[Customer]) -> Callable[[], None]:
        left = set(Customer.tags.through.objects.filter(customer__in=list(customers)).values_list("tag", flat=True))
        return lambda: _drop_unused(left)

    def spelled(self, values: Values) -> str:
        return ", ".join(values)


def names_in(cell: str) -> Values | None:
    """The tags of a cell, sorted; None when one of them cannot be a tag."""
    names = {text.casefold(): text for part in re.split(r"[,;|]", cell) if (text := one_line(part).strip())}
    if any(len(name) > LONGEST or without_identity_numbers(name) != name for name in names.values()):
        return None
    return sorted(names.values())


def _drop_unused(tags: Iterable[int]) -> None:
    """A tag that no customer has any more goes."""
    Tag.objects.filter(pk__in=list(tags), customers__isnull=True).delete()


def register() -> None:
    LINKED.append(Tagging())
