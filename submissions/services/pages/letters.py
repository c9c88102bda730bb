"""Brev fra Skatteetaten: the list, one letter, and who here has read it. From local copies only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import ENDED, Customer, User
from accounts.models import of_ended as ended_customers
from accounts.services.actors import Names, names_of, person
from accounts.services.customers import customers_found
from portal.core.environments import Environment, addresses
from portal.core.filters import Group
from portal.gateways.statuses import is_about_rights
from submissions.models import Attachment, Dialog, Transmission, TransmissionQuerySet
from submissions.models.texts import Shown
from submissions.services.material import waiting
from submissions.services.pages.identified import keys_in, places_of_letters
from submissions.services.pages.transmissions import TYPES, TransmissionRow, rows_of

A = Attachment.Status
NEWEST = ("-created_at", "-pk")
FOR_PEOPLE = Attachment.objects.filter(
    Q(status__in=[A.LINKED, A.CLOSED]) | Q(status=A.REFUSED, problem_code="DUT-002"), transmission=OuterRef("pk")
)
"""What a person may read in Altinn, and a program may not fetch."""


@dataclass(frozen=True)
class Row:
    """A letter in a list. `badge` is a code and a label: NEW and "Ulest", or READ and "Lest"; `read_by` a name or ""."""

    letter: Transmission
    title: Shown
    type_name: str
    badge: tuple[str, str]
    read_by: str
    is_for_people: bool


def groups() -> list[Group]:
    unread = Q(read_at__isnull=True, deleted_at__isnull=True, dialog__gone_at__isnull=True)
    return [
        Group("unread", _("Ulest"), unread, is_live=True),
        Group("people", _("Bare i Altinn"), Q(Exists(FOR_PEOPLE))),
    ]


def of_ended() -> Group:
    """Letters to customers whose relation has ended."""
    return Group(ENDED, _("Avsluttede kunder"), ended_customers("dialog__customer"))


def find_letters(*, user: User, environment: Environment, text: str = "") -> TransmissionQuerySet:
    """Letters to customers visible to `user`, filtered by customer or by the id of the letter."""
    rows = Transmission.objects.visible_to(user, environment=environment).letters()
    if not text:
        return rows
    wanted = Q(dialog__customer__in=customers_found(text, user=user, environment=environment))
    found = keys_in(places_of_letters(text))
    return rows.filter(wanted | Q(pk__in=found)) if found else rows.filter(wanted)


def of_customer(customer: Customer, *, most: int) -> list[Row]:
    """The newest letters to one customer."""
    rows = Transmission.objects.filter(dialog__customer=customer).letters().order_by(*NEWEST)
    return rows_of_list(list(loaded(rows)[:most]))


def loaded(rows: TransmissionQuerySet) -> TransmissionQuerySet:
    """With what a row of a list shows."""
    return rows.select_related("dialog__customer").annotate(is_for_people=Exists(FOR_PEOPLE))


def rows_of_list(letters: Iterable[Transmission]) -> list[Row]:
    """`letters` are from `loaded`. One query, for the readers' names."""
    rows = list(letters)
    names = names_of(row.read_by for row in rows)
    return [_row(row, names) for row in rows]


def _row(letter: Transmission, names: Names) -> Row:
    return Row(
        letter=letter,
        title=title_of(letter),
        type_name=str(TYPES.get(letter.type, letter.type)),
        badge=_badge(letter),
        read_by=person(letter.read_by, names) if letter.read_by else "",
        is_for_people=bool(getattr(letter, "is_for_people", False)),
    )


def title_of(letter: Transmission) -> Shown:
    return letter.shown_title or letter.dialog.shown_title or Shown(str(letter.transmission_id))


def _badge(letter: Transmission) -> tuple[str, str]:
    if letter.read_at is None:
        return "NEW", _("Ulest")
    return ("READ", _("Lest")) if letter.read_by else ("READ", _("Eldre"))


@dataclass(frozen=True)
class LetterPage:
    """One letter. `inbox` is Altinn's inbox for the environment; `read_at` and `read_by` are of the first reader.

    `asks`: its dialog waits for material.
    """

    letter: Transmission
    title: Shown
    row: TransmissionRow
    is_for_people: bool
    asks: bool
    inbox: str
    read_at: datetime | None
    read_by: str


def letter_page(letter: Transmission) -> LetterPage:
    """The page says who was the first to read it, as that is stored by now."""
    row = rows_of(Transmission.objects.filter(pk=letter.pk))[0]
    opened, entries = row.transmission, row.transmission.attachments.all()
    refused = {entry.problem_code for entry in entries if entry.status == A.REFUSED}
    closed = any(entry.status in (A.LINKED, A.CLOSED) for entry in entries)
    return LetterPage(
        letter=letter,
        title=title_of(letter),
        row=row,
        is_for_people=closed or any(map(is_about_rights, refused)) or not letter.is_authorized,
        asks=waiting(Dialog.objects.filter(pk=letter.dialog_id)).exists(),
        inbox=addresses(letter.dialog.environment).inbox,
        read_at=opened.read_at if opened.read_by else None,
        read_by=person(opened.read_by, names_of([opened.read_by])) if opened.read_by else "",
    )
