"""One campaign: its progress, its rows, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from accounts import second_person
from accounts.guard import StaffRequest, staff_page
from accounts.models import User
from portal.core.confirm import Question, ask_first, word_in
from portal.core.exports import Field
from portal.core.filters import Group
from portal.core.lists import Column, ListPage, Nothing
from portal.core.states import IllegalTransition, LostRace
from systemusers.models import Campaign, CampaignRow
from systemusers.services.campaigns import funnel, ordering, reminders, shown
from systemusers.services.invitations.settings import mail_plan
from systemusers.views import proposed
from systemusers.views.campaigns import wake

S = Campaign.Status


class Rows(ListPage[StaffRequest, QuerySet[CampaignRow]]):
    template = "systemusers/campaign.html"
    title = lazy("Kundene i kampanjen")
    columns = (Column(lazy("Rad")), Column(lazy("Kunde")), Column(lazy("Tilstand")), Column(lazy("Neste steg")))
    order = ("number",)
    nothing = Nothing(lazy("Ingen her"), lazy("Velg et annet filter."))
    file_name = "kampanje"
    fields = (
        Field(lazy("Rad"), lambda row: row.row.number),
        Field(lazy("Organisasjonsnummer"), lambda row: row.row.customer.orgnr if row.row.customer else row.row.shown),
        Field(lazy("Kunde"), lambda row: row.row.customer.name if row.row.customer else ""),
        Field(lazy("Vurdering"), lambda row: row.label),
        Field(lazy("Tilstand"), lambda row: row.access.get_status_display() if row.access else ""),
        Field(lazy("Neste steg"), lambda row: row.step.text if row.step else row.why),
    )

    def __init__(self, request: StaffRequest, campaign: Campaign) -> None:
        super().__init__(request)
        self.campaign = campaign

    def find(self) -> QuerySet[CampaignRow]:
        return CampaignRow.objects.visible_to(self.request.user).filter(campaign=self.campaign)

    def groups(self) -> list[Group]:
        return shown.groups(self.campaign)

    @cached_property
    def question(self) -> list[Any]:
        """What a person takes in besides is in the conditions of the groups."""
        return [*super().question, self.campaign.status, self.campaign.extra]

    def load(self, rows: QuerySet[CampaignRow]) -> QuerySet[CampaignRow]:
        return shown.loaded(rows)

    def row(self, each: CampaignRow) -> shown.Row:
        return shown.row_of(each, at=self.at, working=self.is_working)


def find(request: StaffRequest, pk: int) -> Campaign:
    rows: QuerySet[Campaign] = Campaign.objects.visible_to(request.user).filter(environment=request.environment)
    return get_object_or_404(rows.select_related("owner", "ordered_by", "profile__system"), pk=pk)


@staff_page()
def one(request: StaffRequest, pk: int) -> HttpResponse:
    campaign, at = find(request, pk), timezone.now()
    counted = shown.numbers(campaign)
    context: dict[str, Any] = {
        "campaign": campaign, "numbers": counted, "dots": shown.stepper(campaign), "problem": shown.problem(campaign),
        "ends_at": shown.ends_at(campaign, counted, at=at), "funnel": None, "before": [], "for_us": [], "plan": None,
        "reminders": [], "without_reports": 0,
        "is_moving": campaign.is_moving,
    }  # fmt: skip
    if campaign.is_begun:
        context |= _followed(campaign, request.user, at)
    elif campaign.is_change and campaign.status == S.READY:
        context["before"] = shown.before_and_after(campaign)
    return Rows(request, campaign).respond(context=context)


def _followed(campaign: Campaign, user: User, at: Any) -> dict[str, Any]:
    """The funnel, its ages and the forecast. While customers are asked or Altinn has not got all questions, the page asks again."""
    made, began = funnel.of_campaign(campaign, at=at), campaign.started_at
    expected = None
    if campaign.deadline and began:
        expected = funnel.forecast(made, began_at=began, deadline=campaign.deadline, at=at)
    waiting = shown.follow_up(campaign, user=user)
    plan = mail_plan() if campaign.mails else None
    return {
        "funnel": made,
        "ages": shown.aged(funnel.AGES, made.ages),
        "expected": expected,
        "days": funnel.LOOKED_BACK,
        "for_us": waiting.for_us,
        "without_reports": waiting.without_reports,
        "plan": plan,
        "reminders": reminders.lines(campaign, plan=plan, at=at) if plan else [],
    }


Act = Callable[[StaffRequest, Campaign], None]


def act(change: Act) -> Callable[..., HttpResponse]:
    """A POST that changes one campaign. What is refused is said on its page."""

    @staff_page(may="may_work")
    @require_POST
    @wraps(change)
    def guarded(request: StaffRequest, pk: int, **_kwargs: Any) -> HttpResponse:
        campaign = find(request, pk)
        try:
            change(request, campaign)
        except (LostRace, IllegalTransition):
            messages.warning(request, _changed())
        return redirect(proposed.campaign_page(campaign))

    return guarded


def _changed() -> str:
    return _("Noe er endret siden du leste siden. Se over på nytt.")


@act
def extra(request: StaffRequest, campaign: Campaign) -> None:
    ordering.take_extra(campaign=campaign, remarks=request.POST.getlist("extra"), at=timezone.now())


@act
def judge(request: StaffRequest, campaign: Campaign) -> None:
    ordering.judge_again(campaign=campaign, by=request.user.actor, at=timezone.now())
    wake(request)


@act
def pause(request: StaffRequest, campaign: Campaign) -> None:
    ordering.pause(campaign=campaign, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Kampanjen er satt på pause. De som er spurt, er fortsatt spurt."))


@act
def resume(request: StaffRequest, campaign: Campaign) -> None:
    ordering.resume(campaign=campaign, user=request.user, at=timezone.now())
    wake(request)


@staff_page(may="may_work")
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """What would be done, in numbers; confirmed, a worker does exactly that."""
    campaign = find(request, pk)
    if campaign.status != S.READY or not ordering.number_of(campaign):
        return redirect(proposed.campaign_page(campaign))
    if (answer := second_person.ask_first(request, proposed.campaign_started(campaign))) is not None:
        return answer
    try:
        ordering.start(campaign=campaign, user=request.user, shown=request.POST.get("shown", ""), at=timezone.now())
    except (LostRace, IllegalTransition, ordering.HasChanged):
        messages.warning(request, _changed())
    else:
        wake(request)
    return redirect(proposed.campaign_page(campaign))


@staff_page(may="may_work")
def stop(request: StaffRequest, pk: int) -> HttpResponse:
    campaign = find(request, pk)
    if not campaign.can_move_to(S.STOPPED):
        return redirect(proposed.campaign_page(campaign))
    question = Question(
        title=_("Stoppe kampanjen?"),
        consequences=[
            _("Ingen flere blir spurt, og kampanjen kan ikke fortsette."),
            _(
                "Kunder som er spurt, kan fortsatt godkjenne, og påminnes etter planen. Trekk dem tilbake i listen over tilganger."
            ),
        ],
        button=_("Stopp kampanjen"),
        trail=proposed.campaign_trail(campaign),
        word=word_in(campaign.environment),
    )
    if (answer := ask_first(request, question)) is not None:
        return answer
    try:
        ordering.stop(campaign=campaign, by=request.user.actor, at=timezone.now())
    except (LostRace, IllegalTransition):
        messages.warning(request, _changed())
    return redirect(proposed.campaign_page(campaign))


@staff_page(may="may_work")
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    campaign = find(request, pk)
    question = Question(
        title=_("Slette kampanjen?"),
        consequences=[_("Ingen er spurt, og ingen blir det.")],
        button=_("Slett kampanjen"),
        trail=proposed.campaign_trail(campaign),
    )
    if campaign.is_begun:
        return redirect(proposed.campaign_page(campaign))
    if (answer := ask_first(request, question)) is not None:
        return answer
    try:
        ordering.discard(campaign=campaign, by=request.user.actor, at=timezone.now())
    except LostRace:
        messages.warning(request, _changed())
        return redirect(proposed.campaign_page(campaign))
    messages.success(request, _("Kampanjen er slettet."))
    return redirect("campaigns", environment=request.environment)
