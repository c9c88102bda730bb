"""What a person does with a campaign: makes, confirms, pauses, resumes, stops and discards it. A worker does the rest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.models import Proposal, User
from accounts.services import proposals
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.bulk import insert_rows
from portal.core.states import LostRace
from systemusers.models import AccessProfile, Campaign, CampaignRow
from systemusers.services.alone import may_alone

S = Campaign.Status


class HasChanged(Exception):
    """What would be asked is not what the person was shown."""


@dataclass(frozen=True)
class Settings:
    """What a person decides about a campaign, beside who is asked. `per_hour` None: as fast as it goes."""

    name: str
    profile: AccessProfile
    purpose: str = Campaign.Purpose.ASK
    deadline: date | None = None
    per_hour: int | None = None
    mails: bool = True


def make(*, settings: Settings, rows: list[CampaignRow], user: User, environment: str, at: datetime) -> Campaign:
    """A campaign with these rows, of `gathering`. A worker judges them."""
    with transaction.atomic():
        campaign = Campaign.objects.create(
            environment=environment, owner=user, status_at=at, created_at=at, next_attempt_at=at, total=len(rows),
            **settings.__dict__,
        )  # fmt: skip
        for row in rows:
            row.campaign_id = campaign.pk
        insert_rows(rows, "campaign_id", "number", "customer_id", "shown", "verdict", "remarks", "state")
        record(by=user.actor, at=at, target=campaign, what=AuditType.CREATED)
    return campaign


def judge_again(*, campaign: Campaign, by: str, at: datetime) -> None:
    """Look at the customers once more, before anybody is asked. Raises IllegalTransition, LostRace."""
    with transaction.atomic():
        campaign.move_to(S.DRAFT, by=by, at=at, next_attempt_at=at)
        campaign.rows.filter(customer__isnull=False).update(verdict=CampaignRow.Verdict.WAITING, remarks=[])


def take_extra(*, campaign: Campaign, remarks: Collection[str], at: datetime) -> None:
    """Which of the remarked rows are asked all the same. Raises LostRace when it has begun already."""
    extra = [remark for remark in CampaignRow.OPTIONAL if remark in remarks]
    if not Campaign.objects.filter(pk=campaign.pk, status=S.READY).update(extra=extra):
        raise LostRace(f"campaign {campaign.pk} has begun")


def token_of(campaign: Campaign, number: int) -> str:
    """Bound to what a person sees on the page of confirmation: these verdicts, these choices, this number."""
    return f"{campaign.status_at.timestamp()}-{'-'.join(campaign.extra)}-{number}"


def number_of(campaign: Campaign) -> int:
    """How many would be asked."""
    return CampaignRow.objects.taken(campaign).filter(state="").count()


def start(*, campaign: Campaign, user: User, shown: str, at: datetime, approved: Proposal | None = None) -> None:
    """Let a worker ask. `shown`: the token that the person saw. Raises HasChanged, NeedsSecondPerson, LostRace."""
    number = number_of(campaign)
    if campaign.status != S.READY or not number or shown != token_of(campaign, number):
        raise HasChanged(f"campaign {campaign.pk} is not as it was shown")
    if not may_alone(number, environment=campaign.environment):
        kind, by = Proposal.Kind.CUSTOMERS_ASKED, user.actor
        proposals.check(kind, environment=campaign.environment, target=campaign, by=by, approved=approved)
    with transaction.atomic():
        if not Campaign.objects.select_for_update(of=("self",)).filter(pk=campaign.pk, extra=campaign.extra).exists():
            raise LostRace(f"campaign {campaign.pk} has other choices by now")
        campaign.move_to(S.RUNNING, by=user.actor, at=at, ordered_by=user, started_at=at, next_attempt_at=at)


def pause(*, campaign: Campaign, by: str, at: datetime) -> None:
    """Nobody more is asked for now. A chunk that is being written is finished. Raises IllegalTransition, LostRace."""
    campaign.move_to(S.PAUSED, by=by, at=at, next_attempt_at=None, lease_until=None)


def resume(*, campaign: Campaign, user: User, at: datetime) -> None:
    """Go on with this person's rights and name. Raises IllegalTransition, LostRace."""
    campaign.move_to(
        S.RUNNING, by=user.actor, at=at, ordered_by=user, next_attempt_at=at, failures=0, problem_code="",
    )  # fmt: skip


def stop(*, campaign: Campaign, by: str, at: datetime) -> None:
    """Nobody more is asked. Who was asked stays asked, and is mailed by the plan. Raises IllegalTransition, LostRace."""
    campaign.move_to(
        S.STOPPED, by=by, at=at, next_attempt_at=None, lease_until=None, failures=0, problem_code="",
    )  # fmt: skip


def discard(*, campaign: Campaign, by: str, at: datetime) -> None:
    """Delete one that has not begun. Raises LostRace."""
    with transaction.atomic():
        now = Campaign.objects.select_for_update(of=("self",)).filter(pk=campaign.pk).first()
        if now is None:
            return
        if now.is_begun:
            raise LostRace(f"campaign {campaign.pk} has begun")
        record(by=by, at=at, target=now, what=AuditType.DELETED)
        now.delete()
