"""Customers are asked for access, and answer: a first campaign, two smaller rounds, the accountant, changes, and losses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.utils import timezone

from accounts.models import Customer, User
from portal.local import demo
from portal.local.lived_in.people import WEST, House, customers
from portal.local.lived_in.stage import HERE, Stage
from submissions.services import archiving
from systemusers.models import Access, AccessProfile, Campaign, ClientRelation
from systemusers.services import changes, client_relations, ending, invitations, links
from systemusers.services.access import check_due, reconcile_due, withdraw_access
from systemusers.services.access.ask_many import ask_many
from systemusers.services.campaigns import gathering, ordering
from systemusers.services.changes import mark_due
from systemusers.services.system_register import save_profile

FIRST, WAGE_EARNERS, RETURNS, LATELY, AUTUMN, NEWEST = (
    (0, 70),
    (130, 142),
    (150, 160),
    (162, 170),
    (170, 210),
    (220, 250),
)
"""Which of the imported customers each round asks."""
REJECTS, KEEPS_SILENT = 3, 7
"""Of every 13 customers of the first campaign."""
CLAIMS = "ske-krav-og-betalinger"


def of(part: tuple[int, int]) -> list[Customer]:
    return customers()[slice(*part)]


def accesses_of(rows: Iterable[Customer]) -> list[Access]:
    return list(Access.objects.loaded().filter(customer__in=list(rows)).order_by("pk"))


# --- What customers do --------------------------------------------------------------------------------------------------


def open_link(stage: Stage, row: Access) -> None:
    links.go_on(access=row, at=stage.at)


def answer(stage: Stage, rows: Iterable[Access], act: str) -> None:
    """The person behind the link goes on to Altinn: approve, reject or escalate."""
    for row in rows:
        open_link(stage, row)
        stage.control("POST", f"/control/requests/{row.altinn_id}/{act}")


# --- Rounds -------------------------------------------------------------------------------------------------------------


def campaign(
    stage: Stage, *, user: User, name: str, profile: AccessProfile, whom: list[Customer], deadline: date | None = None,
    per_hour: int | None = None,
) -> Campaign:  # fmt: skip
    """Made, judged, looked through and started."""
    rows = Customer.objects.filter(pk__in=[row.pk for row in whom]).order_by("sort_name")
    settings = ordering.Settings(name=name, profile=profile, deadline=deadline, per_hour=per_hour)
    made = ordering.make(settings=settings, rows=gathering.of_customers(rows), user=user, environment=HERE, at=stage.at)
    stage.ask()
    made.refresh_from_db()
    ordering.start(campaign=made, user=user, shown=ordering.token_of(made, ordering.number_of(made)), at=stage.at)
    stage.ask()
    return made


def first_campaign(stage: Stage) -> None:
    seeded = list(Customer.objects.filter(environment=HERE, orgnr__in=demo.orgnrs(40)[:39]).order_by("pk"))
    campaign(
        stage, user=stage.person("ida"), name="Oppstart", profile=House.find().yearly, whom=[*of(FIRST), *seeded[:24]]
    )


def first_answers(stage: Stage, *, turn: int) -> None:
    """Some at once, some after a reminder; a few reject or never answer."""
    rows = accesses_of(of(FIRST))
    answering = [row for n, row in enumerate(rows) if n % 3 == turn and n % 13 not in (REJECTS, KEEPS_SILENT)]
    answer(stage, answering, "approve")
    if turn == 1:
        answer(stage, [row for n, row in enumerate(rows) if n % 13 == REJECTS], "reject")
        seeded = Access.objects.loaded().filter(customer__orgnr__in=demo.orgnrs(40)[:39])
        answer(stage, seeded, "approve")
    stage.let_pass(hours=1)
    stage.hear()


def small_round(stage: Stage, part: tuple[int, int], profile: AccessProfile, *, login: str) -> list[Access]:
    """Asked from the list of customers, with mails."""
    user = stage.person(login)
    rows = ask_many(customers=of(part), profile=profile, by=user.actor, at=stage.at)
    invitations.order(accesses=[row.pk for row in rows], by=user.actor, at=stage.at)
    stage.ask()
    return accesses_of(of(part))


def approved_round(stage: Stage, part: tuple[int, int], profile: AccessProfile, *, login: str) -> None:
    rows = small_round(stage, part, profile, login=login)
    stage.let_pass(hours=20)
    answer(stage, rows, "approve")
    stage.hear()


def accountant(stage: Stage) -> None:
    """Approves, adds clients in Altinn, and eight of them become customers."""
    ida = stage.person("ida")
    firm = Customer.objects.filter(environment=HERE, orgnr=demo.orgnrs(40)[-1])
    ask_many(customers=list(firm), profile=House.find().agents, by=ida.actor, at=stage.at)
    stage.ask()
    (access,) = accesses_of(firm)
    answer(stage, [access], "approve")
    stage.let_pass(hours=2)
    stage.hear()
    access.refresh_from_db()
    numbers = [orgnr for orgnr, _name in demo.clients_of_accountant()]
    clients = f"/control/system-users/{access.system_user.altinn_id}/clients"
    stage.control("POST", clients, {"orgnrs": numbers})
    stage.control("POST", clients, {"orgnrs": numbers[:2], "packages": []})
    client_relations.ask_now(access=access, by=ida.actor, at=stage.at)
    stage.take_in()
    rows = ClientRelation.objects.filter(access=access, orgnr__in=numbers[2:10])
    client_relations.choose(access=access, rows=rows, portfolio=None, by=ida.actor, at=stage.at)
    stage.take_in()


# --- What changes -------------------------------------------------------------------------------------------------------


def widen(stage: Stage) -> None:
    """The wage profile asks for one right more, so its accesses must be updated: eight are asked, four have said yes."""
    nora, profile = stage.person("nora"), House.find().wages
    profile.rights = [*profile.rights, CLAIMS]
    save_profile(profile=profile, by=stage.person("ida").actor, at=stage.at)
    stage.repeat(mark_due)
    rows = accesses_of(of(WAGE_EARNERS))[:8]
    asked = [changes.ask_change(access=row, by=nora.actor, at=stage.at) for row in rows]
    stage.repeat(changes.send_due)
    for change in asked[:4]:
        change.refresh_from_db()
        stage.control("POST", f"/control/change-requests/{change.correlation_id}/approve")
    stage.let_pass(hours=3)
    stage.hear()


def lose(stage: Stage, *, which: list[int]) -> None:
    """Customers remove the access in Altinn. The nightly comparison sees it, and a second look confirms it."""
    chosen = customers()
    for row in accesses_of(chosen[n] for n in which):
        stage.control("DELETE", f"/control/system-users/{row.system_user.altinn_id}")
    stage.repeat(reconcile_due, times=1)
    stage.let_pass(hours=7)
    stage.repeat(check_due)
    stage.read()


def end_relations(stage: Stage, *, which: list[int]) -> None:
    ida, chosen = stage.person("ida"), customers()
    for n in which:
        ending.end_relation(customer=chosen[n], by=ida.actor, at=stage.at)
    stage.repeat(ending.withdraw_due)
    archiving.archive_ended(at=stage.at)


def lately(stage: Stage) -> None:
    """The last days: some wait, some have opened the link, sent it on, said no, or were asked by mistake."""
    rows = small_round(stage, LATELY, House.find().yearly, login="nora")
    stage.let_pass(hours=4)
    for row in rows[2:4]:
        open_link(stage, row)
    answer(stage, rows[4:6], "escalate")
    withdraw_access(access=rows[6], by=stage.person("nora").actor, at=stage.at)
    answer(stage, rows[7:], "reject")
    stage.let_pass(hours=1)
    stage.hear()


def autumn_campaign(stage: Stage) -> None:
    deadline = timezone.localdate(stage.now) + timedelta(days=20)
    campaign(
        stage,
        user=stage.person("ida"),
        name="Før årsskiftet",
        profile=House.find().yearly,
        whom=of(AUTUMN),
        deadline=deadline,
    )


def autumn_answers(stage: Stage, *, first: int) -> None:
    rows = accesses_of(of(AUTUMN))[first : first + 20]
    answer(stage, rows[:9], "approve")
    answer(stage, rows[9:11], "reject")
    answer(stage, rows[11:13], "escalate")
    for row in rows[13:17]:
        open_link(stage, row)
    stage.let_pass(hours=1)
    stage.hear()


def newest_campaign(stage: Stage) -> None:
    """Twelve customers an hour, and paused for the night."""
    nora = stage.person("nora")
    hers = [row for row in of(NEWEST) if row.portfolio and row.portfolio.name != WEST]
    made = campaign(
        stage, user=nora, name="Nye kunder", profile=House.find().yearly, whom=hers,
        deadline=timezone.localdate(stage.now) + timedelta(days=30), per_hour=12,
    )  # fmt: skip
    for _turn in range(7):
        stage.let_pass(minutes=6)
        stage.ask()
    made.refresh_from_db()
    ordering.pause(campaign=made, by=nora.actor, at=stage.at)


def resume_campaign(stage: Stage) -> None:
    row = Campaign.objects.get(status=Campaign.Status.PAUSED)
    ordering.resume(campaign=row, user=stage.person("nora"), at=stage.at)
    stage.ask()
