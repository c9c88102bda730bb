"""Acts with keys, systems and campaigns that may take two persons: how each is shown, to both of them, and how it is done."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Proposal, User
from accounts.second_person import Act, Deed, Gone
from portal.core import enqueue
from portal.core.confirm import Alternative, Question, ground_of, word_in
from portal.core.states import IllegalTransition, LostRace
from systemusers import tasks
from systemusers.models import Campaign, SigningKey
from systemusers.services import keys
from systemusers.services.alone import may_alone
from systemusers.services.campaigns import ordering
from systemusers.services.keys import rotation
from systemusers.views.digdir_words import sentence

Kind = Proposal.Kind


def key_used(key: SigningKey) -> Act:
    """The key signs from now on."""
    old = key.client.keys.filter(status=SigningKey.Status.ACTIVE).exclude(pk=key.pk).first()
    consequences = [
        _("Alt som signeres for %(client)s, signeres med denne nøkkelen fra nå av. Maskinporten må godta den først.")
        % {"client": key.client.name}
    ]
    if old:
        text = _("Nøkkelen %(kid)s går ut av bruk i samme øyeblikk, og den private delen av den slettes her.")
        consequences.append(text % {"kid": old.kid})
    question = Question(
        title=_("Ta nøkkelen i bruk"),
        consequences=[*consequences, _("Nøkkel-id: %(kid)s") % {"kid": key.kid}],
        button=_("Ta i bruk"),
        trail=_settings_trail(key),
        word=word_in(key.environment),
        colour="info",
        shown=_ground(key),
    )
    return Act(Kind.KEY_USED, key.environment, key, key.kid, question)


def key_retired(key: SigningKey) -> Act:
    return Act(Kind.KEY_RETIRED, key.environment, key, key.kid, _retirement(key))


def _settings_trail(key: SigningKey) -> list[tuple[str, str]]:
    return [(_("Innstillinger"), reverse("settings", kwargs={"environment": key.environment}))]


def _ground(key: SigningKey) -> str:
    """The key, and the others of its client."""
    others = key.client.keys.exclude(status=SigningKey.Status.RETIRED).order_by("pk").values_list("pk", "kid", "status")
    return ground_of(key.pk, key.kid, key.status, [list(other) for other in others])


def _retirement(key: SigningKey) -> Question:
    consequences = [_("En nøkkel som er tatt ut av bruk, kan aldri tas i bruk igjen. Fjern den hos Digdir også.")]
    is_active = key.status == SigningKey.Status.ACTIVE
    if is_active:
        stop = _(
            "Dette er den eneste nøkkelen som er i bruk for %(client)s. Uten den stopper alle kall til Maskinporten, Altinn "
            "og Skatteetaten med en gang, for alle kundene, til en ny nøkkel er tatt i bruk."
        )
        consequences.insert(0, stop % {"client": key.client.name})
    return Question(
        title=_("Ta nøkkelen ut av bruk"),
        consequences=[*consequences, _("Nøkkel-id: %(kid)s") % {"kid": key.kid}],
        button=_("Ta ut av bruk likevel") if is_active else _("Ta ut av bruk"),
        trail=_settings_trail(key),
        word=word_in(key.environment),
        alternative=_better(key) if is_active else None,
        shown=_ground(key),
    )


def _better(key: SigningKey) -> Alternative:
    """Replacing the key without a gap: activate a new key, or make one first."""
    where = {"environment": key.environment}
    waiting = key.client.keys.filter(status=SigningKey.Status.NEW).order_by("-created_at").first()
    if waiting is None:
        return Alternative(
            _(
                "Skal den byttes? Lag en ny nøkkel først. Når den nye tas i bruk, går denne ut av bruk i samme øyeblikk."
            ),
            _("Lag ny nøkkel"),
            reverse("key-new", kwargs={**where, "pk": key.client_id}),
        )
    text = _("Nøkkelen %(kid)s er laget og venter. Tas den i bruk, går denne ut av bruk i samme øyeblikk.")
    activate = reverse("key-activate", kwargs={**where, "pk": waiting.pk})
    return Alternative(text % {"kid": waiting.kid}, _("Ta i bruk den nye"), activate)


def _find_key(row: Proposal, user: User) -> SigningKey:
    """Raises Gone."""
    keys_here = SigningKey.objects.select_related("client").filter(client__environment=row.environment)
    found = keys_here.filter(pk=row.target_pk).first()
    if found is None or found.status == SigningKey.Status.RETIRED:
        raise Gone
    return found


def campaign_page(campaign: Campaign) -> str:
    return reverse("campaign", kwargs={"environment": campaign.environment.lower(), "pk": campaign.pk})


def campaign_trail(campaign: Campaign) -> list[tuple[str, str]]:
    parent = reverse("campaigns", kwargs={"environment": campaign.environment.lower()})
    return [(_("Kampanjer"), parent), (campaign.name, campaign_page(campaign))]


def campaign_started(campaign: Campaign) -> Act:
    """What would be done, in numbers; confirmed, a worker does exactly that."""
    number = ordering.number_of(campaign)
    mailed = _("Hver kunde får lenken på e-post når Altinn har forespørselen, og påminnes etter planen.")
    by_hand = _("Portalen sender ingen e-post. Dere må selv gi kundene lenkene.")
    question = Question(
        title=ngettext("Spørre %(n)s kunde?", "Spørre %(n)s kunder?", number) % {"n": number},
        consequences=[
            _("Kampanje: %(name)s. Profil: %(profile)s.") % {"name": campaign.name, "profile": campaign.profile.name},
            mailed if campaign.mails else by_hand,
            *([_("Valgt, men ikke med: %(left)s.") % {"left": left}] if (left := campaign.total - number) else []),
            _("Du kan sette på pause og stoppe. Den som er spurt, er spurt."),
        ],
        button=ngettext("Spør %(n)s kunde", "Spør %(n)s kunder", number) % {"n": number},
        trail=campaign_trail(campaign),
        word=word_in(campaign.environment),
        colour="info",
        shown=ordering.token_of(campaign, number),
    )
    is_small = may_alone(number, environment=campaign.environment)
    return Act(Kind.CUSTOMERS_ASKED, campaign.environment, campaign, campaign.name, question, is_small=is_small)


def _find_campaign(row: Proposal, user: User) -> Campaign:
    """Raises Gone."""
    seen: QuerySet[Campaign] = Campaign.objects.visible_to(user).filter(environment=row.environment)
    found = seen.select_related("owner", "ordered_by", "profile__system").filter(pk=row.target_pk).first()
    if found is None or found.status != Campaign.Status.READY:
        raise Gone
    return found


def _use(row: Proposal, user: User, at: datetime) -> None:
    rotation.use_approved(key=_find_key(row, user), by=user.actor, at=at, approved=row)


def _retire(row: Proposal, user: User, at: datetime) -> None:
    keys.retire_key(key=_find_key(row, user), by=user.actor, at=at, approved=row)


def _start(row: Proposal, user: User, at: datetime) -> None:
    """With the rights and in the name of the second person, as a report that is approved."""
    campaign = _find_campaign(row, user)
    shown = ordering.token_of(campaign, ordering.number_of(campaign))
    ordering.start(campaign=campaign, user=user, shown=shown, at=at, approved=row)
    enqueue.enqueue_on_commit(tasks.run_campaigns)


def _to_settings(row: Proposal, environment: str) -> str:
    return reverse("settings", kwargs={"environment": environment})


def _to_campaign(row: Proposal, environment: str) -> str:
    return reverse("campaign", kwargs={"environment": environment, "pk": row.target_pk})


DEEDS: dict[str, Deed] = {
    Kind.KEY_USED: Deed(lambda row, user: key_used(_find_key(row, user)), _use, sentence, _to_settings),
    Kind.KEY_RETIRED: Deed(lambda row, user: key_retired(_find_key(row, user)), _retire, sentence, _to_settings),
    Kind.CUSTOMERS_ASKED: Deed(
        lambda row, user: campaign_started(_find_campaign(row, user)), _start, sentence, _to_campaign,
        changed=(LostRace, IllegalTransition, ordering.HasChanged),
    ),
}  # fmt: skip
