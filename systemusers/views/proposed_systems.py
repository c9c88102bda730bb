"""Acts with the system register that may take two persons: how each is shown, to both of them, and how it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Proposal, User
from accounts.second_person import Act, Deed, Gone
from portal.core.confirm import Question, ground_of, word_in
from portal.core.filters import grouped
from portal.core.states import IllegalTransition, LostRace
from systemusers.models import Access, System
from systemusers.services import system_register
from systemusers.services.system_register import Choice, Look
from systemusers.views.difference_rows import LineRow, line_rows
from systemusers.views.system_words import sentence

Kind = Proposal.Kind


def deletion(row: System, user: User) -> Question:
    """How many customers lose it, with the names of those that the person sees."""
    affected = Access.objects.filter(profile__system=row, status__in=Access.USABLE)
    count = affected.count()
    names = [
        f"{access.customer.name} {grouped(access.customer.orgnr)}"
        for access in affected.visible_to(user).select_related("customer")[:10]
    ]
    affected_title = ngettext("%(n)s kunde blir rammet:", "%(n)s kunder blir rammet:", count) % {"n": count}
    where = {"environment": row.environment}
    return Question(
        title=_("Slett %(name)s") % {"name": row.name_nb},
        consequences=[
            _("Dette kan ikke tas tilbake. Alle kundene mister tilgangen med en gang, og id-en kan aldri brukes igjen.")
        ],
        button=_("Slett for godt"),
        trail=[
            (_("Systemer"), reverse("systems", kwargs=where)),
            (row.name_nb, reverse("system", kwargs={**where, "pk": row.pk})),
        ],
        word=row.system_id,
        shown=ground_of(row.pk, row.system_id, row.status, sorted(affected.values_list("pk", flat=True))),
        affected_title=affected_title if count else _("Ingen kunder bruker systemet nå."),
        affected=[*names, "…"] if count > len(names) else names,
    )


def system_deleted(row: System, user: User) -> Act:
    return Act(Kind.SYSTEM_DELETED, row.environment, row, row.name_nb, deletion(row, user))


def system_updated(seen: Look, choices: Mapping[str, Choice], typed: Mapping[str, str]) -> Act:
    """What is written to the entry, line by line. `typed`: the names of what is removed, as the first person typed them."""
    row, where = seen.system, {"environment": seen.system.environment}
    lines = [line for line in line_rows(seen, choices) if line.is_written]
    using = Access.objects.filter(profile__system=row, status__in=Access.USABLE).count()
    number = ngettext("Systemet er i bruk av %(n)s kunde.", "Systemet er i bruk av %(n)s kunder.", using)
    removed = [f"{line.label} {line.affected} {line.meaning}" for line in lines if line.is_removal]
    question = Question(
        title=_("Skriv til Altinn: %(name)s") % {"name": row.name_nb},
        consequences=[
            _("Bare dette blir annerledes i oppføringen. Resten blir som i Altinn."),
            number % {"n": using},
        ],
        button=_("Skriv til Altinn"),
        trail=[
            (_("Systemer"), reverse("systems", kwargs=where)),
            (row.name_nb, reverse("system", kwargs={**where, "pk": row.pk})),
        ],
        word=word_in(row.environment),
        edits=[(line.label, *_sides(line)) for line in lines],
        affected_title=_("Dette fjernes fra Altinn:") if removed else "",
        affected=removed,
        colour="danger" if removed else "info",
        shown=ground_of(row.pk, seen.seen, sorted((key, str(choice)) for key, choice in choices.items())),
    )
    params = {"seen": seen.seen, "choices": {key: str(choice) for key, choice in choices.items()}, "typed": dict(typed)}
    return Act(Kind.SYSTEM_UPDATED, row.environment, row, row.name_nb, question, params, is_small=not lines)


def _sides(line: LineRow) -> tuple[str, str]:
    return line.theirs or line.nothing, line.ours or line.nothing


def _find(row: Proposal) -> System:
    """Raises Gone."""
    rows = System.objects.select_related("client", "admin_client").filter(environment=row.environment)
    found = rows.filter(pk=row.target_pk).exclude(status=System.Status.DELETED).first()
    if found is None:
        raise Gone
    return found


def _updated_now(row: Proposal, user: User) -> Act:
    """As the entry is in Altinn now."""
    seen = system_register.look_at(system=_find(row), at=timezone.now(), by=user.actor)
    return system_updated(seen, seen.choices(row.params["choices"]), row.params["typed"])


def _update(row: Proposal, user: User, at: datetime) -> None:
    system_register.settle(system=_find(row), **row.params, by=user.actor, at=at, approved=row)


def _delete(row: Proposal, user: User, at: datetime) -> None:
    system = _find(row)
    system_register.delete_system(system=system, typed=system.system_id, by=user.actor, at=at, approved=row)


def _page(row: Proposal, environment: str) -> str:
    return reverse("system", kwargs={"environment": environment, "pk": row.target_pk})


DEEDS: dict[str, Deed] = {
    Kind.SYSTEM_UPDATED: Deed(
        _updated_now, _update, sentence, _page, changed=(LostRace, IllegalTransition, system_register.ChangedMeanwhile)
    ),
    Kind.SYSTEM_DELETED: Deed(lambda row, user: system_deleted(_find(row), user), _delete, sentence, _page),
}
