"""Data of the dialog pages, from local copies only: opening a page makes no call and marks nothing as seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ENDED, User
from accounts.services.customers import customers_found
from portal.core.database import keyed
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.lease import LASTING, ROUNDS_BEFORE_A_PERSON
from portal.core.next_step import NextStep
from portal.core.prepared import MOMENT, NUMBER, Prepared
from portal.explain import explain
from submissions.models import Attachment, Dialog, DialogQuerySet, Submission
from submissions.services import material
from submissions.services.casework.deadlines import DUE_NEEDS_ANSWER, NEEDS_ANSWER
from submissions.services.casework.people import with_person
from submissions.services.casework.unread import is_unread, news_since
from submissions.services.pages.identified import keys_in, places_of_dialogs

DONE = "done"
OPEN = Q(handled_at__isnull=True)
"""What the list shows unless its group is DONE."""
SOON = timedelta(days=14)
NEWEST = ("-content_updated_at", "-pk")
UNREAD = "unread"
ORDER = {"due": ("due_at", "pk")}
"""How the groups are ordered that are not by NEWEST: the nearest deadline first."""
STATUSES = {
    "NotApplicable": gettext_lazy("Til orientering"),
    "InProgress": gettext_lazy("Under arbeid"),
    "Draft": gettext_lazy("Utkast"),
    "Awaiting": gettext_lazy("Venter på svar"),
    "RequiresAttention": gettext_lazy("Krever handling"),
    "Completed": gettext_lazy("Fullført"),
}
ANSWERS = {"Acceptance": gettext_lazy("Godkjent"), "Rejection": gettext_lazy("Avvist")}
OWNERS = {
    "ske": "Skatteetaten",
    "skd": "Skatteetaten",
    "digdir": "Digdir",
    "brg": "Brønnøysundregistrene",
    "nav": "Nav",
}
ACTIVITIES = {
    "DialogCreated": gettext_lazy("Dialogen ble opprettet"),
    "DialogClosed": gettext_lazy("Dialogen ble lukket"),
    "DialogOpened": gettext_lazy("Dialogen ble åpnet"),
    "Information": gettext_lazy("Informasjon"),
    "TransmissionOpened": gettext_lazy("Forsendelsen ble åpnet"),
    "PaymentMade": gettext_lazy("Betalt"),
    "SignatureProvided": gettext_lazy("Signert"),
    "FormSubmitted": gettext_lazy("Skjema sendt inn"),
    "FormSaved": gettext_lazy("Skjema lagret"),
}


def groups(
    *, user: User, environment: Environment, at: datetime, mark: datetime | None = None, are_due: bool = False
) -> list[Group]:
    """The filter chips' groups; what is unread depends on who asks. `mark`: see `is_unread`. `are_due`: see `groups_for_all`."""
    unread = is_unread(user=user, environment=environment, at=at, mark=mark)
    return [Group(UNREAD, _("Uleste"), unread, is_live=True), *groups_for_all(at=at, are_due=are_due)]


def groups_for_all(*, at: datetime, are_due: bool = False) -> list[Group]:
    """Those that are the same for everybody; which deadlines are near depends on when one asks.

    `are_due`: of rows with a deadline that `due_by` chose, of which the groups do not say again what that has said.
    """
    here = Q(gone_at__isnull=True)
    near = Q(due_at__gte=at, due_at__lte=at + SOON) & ~Q(status="Completed")
    unfinished = Attachment.objects.filter(transmission__dialog=OuterRef("pk")).unfinished(at)
    return [
        Group("material", _("Ber om materiale"), Q(pk__in=material.waiting(Dialog.objects.all()).values("pk"))),
        Group("attention", _("Krever svar"), DUE_NEEDS_ANSWER if are_due else NEEDS_ANSWER),
        Group("due", _("Frist innen 14 dager"), here & near),
        Group("waiting", _("Venter på svar"), here & Q(status="Awaiting")),
        Group("completed", _("Fullført"), here & Q(status="Completed")),
        Group("stuck", _("Lar seg ikke hente"), here & LASTING),
        Group("attachments", _("Mangler vedlegg"), Q(Exists(unfinished))),
        Group("gone", _("Borte hos avsenderen"), ~here),
        Group(DONE, _("Ferdige hos oss"), ~OPEN, is_live=True),
    ]


def of_ended() -> Group:
    """Dialogs of customers whose relation has ended, but for those about a report that is owed."""
    return Group(ENDED, gettext_lazy("Avsluttede kunder"), DialogQuerySet.left_out())


def find_dialogs(*, user: User, environment: Environment, text: str = "") -> DialogQuerySet:
    """Dialogs visible to `user`, filtered by customer or by a whole id."""
    rows = Dialog.objects.visible_to(user).filter(environment=environment)
    if not text:
        return rows
    wanted = Q(customer__in=customers_found(text, user=user, environment=environment))
    found = keys_in(places_of_dialogs(text))
    return rows.filter(wanted | Q(pk__in=found)) if found else rows.filter(wanted)


def status_name(dialog: Dialog) -> str:
    return str(STATUSES.get(dialog.status, dialog.status))


def badge(dialog: Dialog) -> tuple[str, str]:
    """Code and label: the answer if the newest transmission is one, else Dialogporten's status."""
    if dialog.gone_at:
        return "GONE", dialog.get_gone_reason_display()
    newest = getattr(dialog, "newest_type", None)
    if newest in ANSWERS:
        return newest, str(ANSWERS[newest])
    if given := material.given_to(dialog):
        return given, str(Submission.Status(given).label)
    return dialog.status, status_name(dialog)


def owner(dialog: Dialog) -> str:
    """What the sender calls itself, else the service owner's name; its code in capitals when unknown."""
    return dialog.shown("sender").text or OWNERS.get(dialog.org, dialog.org.upper())


def next_step(dialog: Dialog, *, at: datetime, working: bool) -> NextStep:
    """No queries: everything comes from the row, which `with_answer` has loaded. `working`: see `heartbeat.is_working`."""
    if wrong := getattr(dialog, "wrong_id", None):
        url = reverse("submission", kwargs={"environment": dialog.environment, "pk": wrong})
        is_newest = wrong == getattr(dialog, "submission_id", None)
        text = _("Rett innsendingen") if is_newest else _("Rett en tidligere innsending, som ikke ble godkjent")
        return NextStep(text, _("Dere"), url)
    if dialog.gone_at is not None:
        return NextStep(_("Ingenting å gjøre"))
    given = material.given_to(dialog)
    return _of_given(dialog, given) if given else _of_dialog(dialog, working)


def _of_dialog(dialog: Dialog, working: bool) -> NextStep:
    if dialog.status == "RequiresAttention":
        url = reverse("dialog", kwargs={"environment": dialog.environment, "pk": dialog.pk})
        if material.service_of(dialog):
            return NextStep(_("Send inn det Skatteetaten ber om"), _("Dere eller kunden"), f"{url}#material")
        return NextStep(_("Les, og svar i Altinn"), _("Dere eller kunden"), url)
    if dialog.problem_code and dialog.failures >= ROUNDS_BEFORE_A_PERSON:
        reason = explain(dialog.problem_code)
        return NextStep(_("Innholdet lar seg ikke hente: %(why)s") % {"why": reason.title}, str(reason.who))
    if dialog.next_attempt_at is not None:
        return NextStep(_("Innholdet hentes") if working else _("Innholdet hentes når portalen arbeider igjen"))
    if dialog.status == "Awaiting":
        return NextStep(_("Venter på svar"), _("Tjenesteeieren"))
    return NextStep(_("Ingenting å gjøre"))


def _of_given(dialog: Dialog, given: str) -> NextStep:
    if given in material.ON_THEIR_WAY:
        return NextStep(_("Materialet sendes"))
    if given == "NEEDS_PERSON":
        url = reverse("submission", kwargs={"environment": dialog.environment, "pk": dialog.given_id})  # type: ignore[attr-defined]
        return NextStep(_("Se hva som skjedde med innsendingen"), _("Dere"), url)
    return NextStep(_("Materialet er sendt"), _("Skatteetaten"))


@dataclass(frozen=True)
class Row:
    """A dialog in a list: shown without further queries. `badge` is a code and a label, `person` a name or ""."""

    dialog: Dialog
    badge: tuple[str, str]
    owner: str
    submission_id: int | None
    step: NextStep
    is_unread: bool = False
    is_late: bool = False
    person: str = ""

    @property
    def pk(self) -> int:
        return self.dialog.pk

    @property
    def label(self) -> str:
        return f"{title_of(self.dialog)}, {self.dialog.customer.name}"


def title_of(dialog: Dialog) -> str:
    return dialog.shown_title.text or str(dialog.dialog_id)


def is_late(dialog: Dialog, *, at: datetime) -> bool:
    """Its deadline has passed, and it still waits."""
    return bool(dialog.due_at and dialog.due_at < at and dialog.status != "Completed" and not dialog.gone_at)


def loaded(
    rows: DialogQuerySet, *, user: User, environment: Environment, at: datetime, mark: datetime | None = None
) -> DialogQuerySet:
    """With what a row of the list shows to `user`. `mark`: see `is_unread`."""
    unread = is_unread(user=user, environment=environment, at=at, mark=mark)
    return with_person(material.with_given(rows.select_related("customer").with_answer()), environment).annotate(
        is_unread=unread
    )


def find_loaded(keys: list[int], *, user: User, environment: Environment, at: datetime, mark: datetime) -> list[Dialog]:
    """As `loaded`, those with these keys, in their order. `mark` as of `find_mark`. One query."""
    found = _loaded(environment).of(keys=keys, user=user.pk, mark=news_since(mark, at=at))
    return sorted(found, key=lambda row: keys.index(row.pk))


@cache
def _loaded(environment: Environment) -> Prepared[Dialog]:
    rows = cast("DialogQuerySet", keyed(Dialog.objects.order_by(), [NUMBER]))
    rows = loaded(rows, user=User(pk=NUMBER), environment=environment, at=MOMENT, mark=MOMENT)
    return Prepared(rows, keys=[NUMBER], user=NUMBER, mark=MOMENT)


def row_of(dialog: Dialog, *, at: datetime, working: bool) -> Row:
    """`dialog` comes from `with_answer`, with its customer where the list shows it."""
    return Row(
        dialog=dialog,
        badge=badge(dialog),
        owner=owner(dialog),
        submission_id=getattr(dialog, "submission_id", None),
        step=next_step(dialog, at=at, working=working),
        is_unread=bool(getattr(dialog, "is_unread", False)),
        is_late=is_late(dialog, at=at),
        person=str(getattr(dialog, "person", "") or ""),
    )


def activities(dialog: Dialog) -> list[dict[str, Any]]:
    """For `components/timeline.html`, newest first."""
    return [
        {
            "title": ACTIVITIES.get(row.type, row.type),
            "text": row.shown("description"),
            "at": row.created_at,
            "colour": "neutral",
        }
        for row in dialog.activities.order_by("-created_at", "-pk")
    ]
