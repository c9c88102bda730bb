"""What staff sort their customers by: tags, the person who follows them up, and the portfolio, for many customers at once.

Each act changes only the rows that it has something to change for, and writes one audit row for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Customer, CustomerQuerySet, Portfolio, Tag, User
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.masking import without_identity_numbers
from portal.gateways.text import one_line

LONGEST = 40
CHUNK = 1000


class BadTag(ValueError):
    """Empty, too long, or with a comma, which separates tags."""


def tag_of(name: str) -> Tag:
    """The tag with this name, whatever its capital letters; made when there is none. Raises BadTag."""
    text = one_line(without_identity_numbers(name)).strip()
    if not text or len(text) > LONGEST or "," in text:
        raise BadTag(text)
    existing = Tag.objects.filter(name__iexact=text).first()
    if existing:
        return existing
    Tag.objects.bulk_create([Tag(name=text)], ignore_conflicts=True)
    return Tag.objects.get(name__iexact=text)


def add_tag(*, customers: CustomerQuerySet, name: str, by: str, at: datetime) -> int:
    """Returns how many got it. Raises BadTag."""
    links, number = Customer.tags.through, 0
    for rows in _chunks(customers.exclude(tags__in=Tag.objects.filter(name__iexact=one_line(name).strip()))):
        with transaction.atomic():
            tag = tag_of(name)
            links.objects.bulk_create([links(customer=row, tag=tag) for row in rows], ignore_conflicts=True)
            _record(rows, {"tags": ["", tag.name]}, by, at)
            number += len(rows)
    return number


def remove_tag(*, customers: CustomerQuerySet, tag: Tag, by: str, at: datetime) -> int:
    """Returns how many had it. A tag that no customer has any more goes."""
    number = 0
    for rows in _chunks(customers.filter(tags=tag)):
        with transaction.atomic():
            Customer.tags.through.objects.filter(tag=tag, customer__in=rows).delete()
            _record(rows, {"tags": [tag.name, ""]}, by, at)
            number += len(rows)
    Tag.objects.filter(pk=tag.pk, customers__isnull=True).delete()
    return number


def assign(*, customers: CustomerQuerySet, to: User | None, by: str, at: datetime) -> int:
    """The person who follows them up; None: nobody. Returns how many changed."""
    return _set(customers, "assignee", to, by, at)


def move(*, customers: CustomerQuerySet, to: Portfolio | None, by: str, at: datetime) -> int:
    """To another portfolio, which decides who sees them. Returns how many changed."""
    return _set(customers, "portfolio", to, by, at)


def _set(customers: CustomerQuerySet, name: str, to: User | Portfolio | None, by: str, at: datetime) -> int:
    number, key = 0, f"{name}_id"
    pk = to.pk if to else None
    for found in _chunks(customers):
        with transaction.atomic():
            locked = Customer.objects.filter(pk__in=[each.pk for each in found]).select_for_update(
                of=("self",), no_key=True
            )
            rows = [row for row in locked.select_related(name).order_by("pk") if getattr(row, key) != pk]
            Customer.objects.filter(pk__in=[row.pk for row in rows]).update(**{name: to})
            record_all(
                event(
                    by=by, at=at, target=row, what=AuditType.EDITED, customer_id=row.pk,
                    changes={name: [str(getattr(row, name) or ""), str(to or "")]},
                ) for row in rows
            )  # fmt: skip
            number += len(rows)
    return number


def _chunks(customers: CustomerQuerySet) -> Iterable[list[Customer]]:
    """All of them, read before the first is changed: a change may take a row out of the filter."""
    ids = sorted(set(customers.order_by().values_list("pk", flat=True)))
    for start in range(0, len(ids), CHUNK):
        yield list(Customer.objects.filter(pk__in=ids[start : start + CHUNK]).order_by("pk"))


def _record(rows: list[Customer], changes: dict[str, Any], by: str, at: datetime) -> None:
    record_all(
        event(by=by, at=at, target=row, what=AuditType.EDITED, customer_id=row.pk, changes=changes) for row in rows
    )
