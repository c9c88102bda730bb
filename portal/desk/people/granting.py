"""What somebody is given, as it is shown before it holds; where that takes two persons, to both of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.capabilities import enabled
from accounts.models import Proposal, User
from accounts.second_person import Act, Deed, Gone
from accounts.services import substitutions
from accounts.services.staff import LastAdministrator, Rights, change_rights, difference, gives, rights_of
from accounts.services.staff_mails import label_of, value_of
from portal.core.confirm import Question, ground_of
from portal.core.formats import spelled_date
from portal.core.states import IllegalTransition, LostRace

LAST = lazy("Minst én må kunne styre folk og roller. Gi det til en annen først.")


def rights_given(person: User, rights: Rights, *, environment: str) -> Act:
    """The whole of what differs. What only takes away takes one person."""
    before = rights_of(person)
    edits = difference(before, rights).items()
    question = Question(
        title=_("Se over endringen for %(name)s") % {"name": person},
        consequences=[
            _("Det gjelder med en gang. %(name)s får e-post, og endringen står i revisjonssporet.") % {"name": person},
            _address(person),
        ],
        button=_("Lagre"),
        trail=_trail(person, environment),
        edits=[(label_of(name), value_of(old), value_of(new)) for name, (old, new) in edits],
        colour="info",
        shown=ground_of(person.pk, person.email, person.is_active, before.version, rights.version),
    )
    params = rights.as_params()
    return Act(
        Proposal.Kind.RIGHTS_GIVEN, "", person, str(person), question, params, is_small=not gives(before, rights)
    )


def _trail(person: User, environment: str) -> list[tuple[str, str]]:
    where = {"environment": environment}
    return [
        (_("Folk"), reverse("people", kwargs=where)),
        (str(person), reverse("person", kwargs={**where, "pk": person.pk})),
    ]


def _address(person: User) -> str:
    """Who it is: a name can be anything."""
    return _("%(name)s logger inn som %(address)s.") % {"name": person, "address": person.email}


def substitute_named(absent: User, *, substitute: User, begins: date, ends: date, environment: str) -> Act:
    """The substitute sees the portfolios of the absent one, also those that come later."""
    portfolios = list(absent.portfolios.order_by("name").values_list("name", flat=True))
    when = {"begins": spelled_date(begins), "ends": spelled_date(ends)}
    question = Question(
        title=_("Sett inn %(substitute)s som vikar for %(name)s") % {"substitute": substitute, "name": absent},
        consequences=[
            _("%(substitute)s ser porteføljene til %(name)s fra %(begins)s til og med %(ends)s.")
            % {**when, "substitute": substitute, "name": absent},
            _address(substitute),
        ],
        button=_("Lagre"),
        trail=_trail(absent, environment),
        affected_title=_("Porteføljer"),
        affected=portfolios,
        colour="info",
        shown=ground_of(absent.pk, portfolios, substitute.pk, substitute.email, begins, ends),
    )
    params = {"substitute": substitute.pk, "begins": begins.isoformat(), "ends": ends.isoformat()}
    return Act(Proposal.Kind.SUBSTITUTE_NAMED, "", absent, str(absent), question, params)


def _substitution(row: Proposal) -> dict[str, Any]:
    """Who and when, of a proposal. Raises Gone."""
    begins, ends = (date.fromisoformat(row.params[name]) for name in ("begins", "ends"))
    absent = _find(row)
    if ends < timezone.localdate() or absent.absences.filter(begins__lte=ends, ends__gte=begins).exists():
        raise Gone
    return {"absent": absent, "substitute": _person(row.params["substitute"]), "begins": begins, "ends": ends}


def _substitution_now(row: Proposal, user: User) -> Act:
    about = _substitution(row)
    return substitute_named(about.pop("absent"), **about, environment=user.working_in or next(enabled()))


def _appoint(row: Proposal, user: User, at: datetime) -> None:
    substitutions.appoint(**_substitution(row), by=user.actor, at=at, approved=row)


def _find(row: Proposal) -> User:
    """Raises Gone."""
    return _person(row.target_pk)


def _person(pk: int) -> User:
    """Raises Gone."""
    found = User.objects.filter(pk=pk, is_active=True).first()
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


DEEDS: dict[str, Deed] = {
    Proposal.Kind.RIGHTS_GIVEN: Deed(_now, _give, _sentence, _page),
    Proposal.Kind.SUBSTITUTE_NAMED: Deed(
        _substitution_now, _appoint, _sentence, _page, changed=(LostRace, IllegalTransition, substitutions.Overlapping)
    ),
}
