"""What somebody is given, as it is shown before it holds; where that takes two persons, to both of them."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.capabilities import enabled
from accounts.models import Proposal, User
from accounts.second_person import Act, Deed, Gone
from accounts.services.staff import LastAdministrator, Rights, change_rights, difference, gives, rights_of
from accounts.services.staff_mails import label_of, value_of
from portal.core.confirm import Question, ground_of
from portal.core.states import IllegalTransition, LostRace

LAST = lazy("Minst én må kunne styre folk og roller. Gi det til en annen først.")


def rights_given(person: User, rights: Rights, *, environment: str) -> Act:
    """The whole of what differs. What only takes away takes one person."""
    before = rights_of(person)
    edits = difference(before, rights).items()
    where = {"environment": environment}
    question = Question(
        title=_("Se over endringen for %(name)s") % {"name": person},
        consequences=[
            _("Det gjelder med en gang. %(name)s får e-post, og endringen står i revisjonssporet.") % {"name": person}
        ],
        button=_("Lagre"),
        trail=[
            (_("Folk"), reverse("people", kwargs=where)),
            (str(person), reverse("person", kwargs={**where, "pk": person.pk})),
        ],
        edits=[(label_of(name), value_of(old), value_of(new)) for name, (old, new) in edits],
        colour="info",
        shown=ground_of(person.pk, person.is_active, before.version, rights.version),
    )
    params = rights.as_params()
    return Act(
        Proposal.Kind.RIGHTS_GIVEN, "", person, str(person), question, params, is_small=not gives(before, rights)
    )


def _find(row: Proposal) -> User:
    """Raises Gone."""
    found = User.objects.filter(pk=row.target_pk, is_active=True).first()
    if found is None:
        raise Gone
    return found


def _give(row: Proposal, user: User, at: datetime) -> None:
    change_rights(user=_find(row), rights=Rights.of_params(row.params), by=user.actor, at=at, approved=row)


def _sentence(error: Exception) -> str:
    if isinstance(error, LastAdministrator):
        return str(LAST)
    if isinstance(error, LostRace | IllegalTransition):
        return _("Noe er endret siden du leste siden. Se over på nytt.")
    raise error


def _now(row: Proposal, user: User) -> Act:
    return rights_given(_find(row), Rights.of_params(row.params), environment=user.working_in or next(enabled()))


def _page(row: Proposal, environment: str) -> str:
    return reverse("person", kwargs={"environment": environment, "pk": row.target_pk})


DEEDS: dict[str, Deed] = {Proposal.Kind.RIGHTS_GIVEN: Deed(_now, _give, _sentence, _page)}
