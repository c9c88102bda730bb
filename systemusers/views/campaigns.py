"""Kampanjer: the list of them, a new one, and the funnel by profile and portfolio."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer, CustomerImport, Portfolio
from accounts.services.imports.reading import MOST_ROWS, TooManyRows, Unreadable
from portal.core import counting, enqueue
from portal.core.bodies import takes_list
from portal.core.changed import changed_selects, narrowed
from portal.core.exports import Field
from portal.core.filters import Group, in_group
from portal.core.heartbeat import is_working
from portal.core.lists import Column, Link, ListPage, Nothing, Select
from portal.core.search import row_id, search_text
from systemusers import tasks
from systemusers.campaign_forms import FILTER, IMPORT, CampaignForm
from systemusers.models import Access, AccessProfile, Campaign, CampaignRow
from systemusers.services import listing
from systemusers.services.campaigns import funnel, gathering, news, ordering, shown
from systemusers.services.campaigns.funnel import Funnel
from systemusers.services.changed import OF_CAMPAIGNS

S = Campaign.Status
MOST_NAMED = 500
STATES = [Group(status, S(status).label, Q(status=status)) for status in S.values]


@dataclass(frozen=True)
class Row:
    """`funnel` None: nobody has been asked, or it asks for changes."""

    campaign: Campaign
    funnel: Funnel | None

    @property
    def asked(self) -> int:
        return self.funnel.number("asked") if self.funnel else 0

    @property
    def approved(self) -> int:
        return self.funnel.number("approved") if self.funnel else 0

    @property
    def in_use(self) -> int:
        return self.funnel.number("in_use") if self.funnel else 0


class Campaigns(ListPage[StaffRequest, QuerySet[Campaign]]):
    template = "systemusers/campaigns.html"
    title = lazy("Kampanjer")
    search_label = lazy("Søk på kampanjens navn")
    parent = Link("accesses", lazy("Tilganger"))
    columns = (
        Column(lazy("Kampanje")),
        Column(lazy("Status")),
        Column(lazy("Valgt")),
        Column(lazy("Spurt")),
        Column(lazy("Godkjent")),
        Column(lazy("I bruk")),
    )
    order = ("-created_at", "-pk")
    nothing = Nothing(
        lazy("Ingen kampanjer ennå"), lazy("En kampanje spør mange kunder på én gang, og følger dem til de er i bruk.")
    )
    new = Link("campaign-new", lazy("Ny kampanje"))
    file_name = "kampanjer"
    fields = (
        Field(lazy("Kampanje"), lambda row: row.campaign.name),
        Field(lazy("Profil"), lambda row: row.campaign.profile.name),
        Field(lazy("Status"), lambda row: row.campaign.get_status_display()),
        Field(lazy("Valgt"), lambda row: row.campaign.total),
        Field(lazy("Spurt"), lambda row: row.asked),
        Field(lazy("Godkjent"), lambda row: row.approved),
        Field(lazy("I bruk"), lambda row: row.in_use),
        Field(lazy("Frist"), lambda row: row.campaign.deadline),
    )

    def find(self) -> QuerySet[Campaign]:
        rows = shown.find_campaigns(user=self.request.user, environment=self.request.environment, text=self.text)
        return narrowed(rows, OF_CAMPAIGNS, self.request.GET)

    @cached_property
    def selects(self) -> list[Select]:
        return changed_selects(OF_CAMPAIGNS, self.request.GET)

    def groups(self) -> list[Group]:
        return [*STATES, *news.groups(user=self.request.user, at=self.at)]

    def load(self, rows: QuerySet[Campaign]) -> QuerySet[Campaign]:
        return rows.select_related("profile", "owner")

    def rows(self, found: list[Campaign]) -> list[Row]:
        asking = [row.pk for row in found if not row.is_change]
        funnels = funnel.by_campaign(Campaign.objects.filter(pk__in=asking), at=self.at)
        return [Row(row, funnels.get(row.pk)) for row in found]


@staff_page()
def campaigns(request: StaffRequest) -> HttpResponse:
    return Campaigns(request).respond()


def wake(request: StaffRequest) -> None:
    enqueue.enqueue_on_commit(tasks.run_campaigns)
    if not is_working(at=timezone.now()):
        messages.warning(request, _("Det er lagret. Det går videre når portalen arbeider igjen."))


@staff_page(may="may_work")
@takes_list
def new(request: StaffRequest) -> HttpResponse:
    """Whom to ask, and what for. The address may have the filter of the list of customers, customers by their ids, or the id of
    an import as `import`.
    """
    chosen = _chosen(request)
    options: dict[str, Any] = {"user": request.user, "environment": request.environment}
    form = CampaignForm(request.POST or None, request.FILES or None, initial=_initial(request), **options)
    if request.method == "POST" and form.is_valid():
        rows = _gather(request, form, chosen)
        if rows is not None:
            given: dict[str, Any] = {"user": request.user, "environment": request.environment, "at": timezone.now()}
            campaign = ordering.make(settings=form.settings(), rows=rows, **given)
            wake(request)
            return redirect("campaign", environment=request.environment, pk=campaign.pk)
    form.hide_identity_numbers()
    context = {
        "form": form, "total": counting.total_of(chosen), "most": MOST_ROWS, "has_profiles": _has_profiles(form),
        "is_filtered": any(value for key, value in request.GET.items() if key != "import"),
        "lacks_import": "import" in request.GET and "customer_import" not in form.initial,
    }  # fmt: skip
    return render(request, "systemusers/campaign_new.html", context, status=422 if form.errors else 200)


def _initial(request: StaffRequest) -> dict[str, Any]:
    """The import that the address names, and its file's name for the campaign. One that the user cannot take chooses nobody."""
    if "import" not in request.GET:
        return {}
    pk = row_id(request.GET.get("import", ""))
    imports = CustomerImport.objects.visible_to(request.user).filter(environment=request.environment)
    taken = imports.filter(pk=pk, status=CustomerImport.Status.DONE).first() if pk is not None else None
    if taken is None:
        return {"source": IMPORT}
    return {"source": IMPORT, "customer_import": taken.pk, "name": PurePath(taken.filename).stem[:100]}


def _has_profiles(form: CampaignForm) -> bool:
    profiles: Any = form.fields["profile"]
    return bool(profiles.queryset.exists())


def _chosen(request: StaffRequest) -> QuerySet[Customer]:
    """What the list of customers shows at the same query, or the customers that it names."""
    where: dict[str, Any] = {"user": request.user, "environment": request.environment}
    rows = listing.filtered_customers(**where, query=request.GET, text=search_text(request))
    named = [pk for pk in map(row_id, request.GET.getlist("customer")) if pk is not None]
    if named:
        return rows.filter(pk__in=named[:MOST_NAMED])
    return in_group(rows, listing.CUSTOMERS, request.GET.get("group", ""), apart=listing.ARCHIVED)


def _gather(request: StaffRequest, form: CampaignForm, chosen: QuerySet[Customer]) -> list[CampaignRow] | None:
    """None with an error on the form when nobody can be chosen so."""
    source, user = form.cleaned_data["source"], request.user
    try:
        if source == FILTER:
            return gathering.of_customers(chosen)
        if source == IMPORT:
            return gathering.of_import(form.cleaned_data["customer_import"], user=user)
        return gathering.of_list(form.content, environment=request.environment, user=user)
    except gathering.NoCustomers:
        form.add_error(None, _("Ingen kunder er valgt."))
    except gathering.NoNumbers:
        form.add_error("upload", _("Ingen kolonne har organisasjonsnumre."))
    except TooManyRows:
        form.add_error("upload", _("Listen har mer enn %(most)s rader. Del den opp.") % {"most": MOST_ROWS})
    except Unreadable:
        form.add_error(
            "upload",
            _(
                "Listen kan ikke leses. Lagre den som CSV, eller som .xlsx uten passord, med en virksomhet på hver linje."
            ),
        )
    return None


@dataclass(frozen=True)
class Table:
    """A funnel for each campaign, profile or portfolio, by its name."""

    title: str
    funnels: list[tuple[str, Funnel]]

    @property
    def rows(self) -> list[tuple[str, Funnel, list[tuple[str, int]]]]:
        """With the ages of those that wait."""
        named = sorted(self.funnels, key=lambda row: row[0].casefold())
        return [(name, each, shown.aged(funnel.AGES, each.ages)) for name, each in named]


@staff_page()
def funnels(request: StaffRequest) -> HttpResponse:
    """How far all accesses have come that the portal has asked for."""
    accesses = Access.objects.visible_to(request.user).filter(environment=request.environment)
    at = timezone.now()
    profiles = dict(AccessProfile.objects.filter(system__environment=request.environment).values_list("pk", "name"))
    portfolios: dict[int | None, str] = {
        **dict(Portfolio.objects.values_list("pk", "name")),
        None: _("Uten portefølje"),
    }
    asking = _asking(request)
    by_campaign = funnel.by_campaign(Campaign.objects.filter(pk__in=asking), at=at)
    by_profile = funnel.by_profile(accesses, at=at)
    by_portfolio = funnel.by_portfolio(accesses, at=at)
    tables = [
        Table(_("Etter profil"), [(profiles[pk], each) for pk, each in by_profile.items() if pk in profiles]),
        Table(_("Etter portefølje"), [(portfolios.get(pk, ""), each) for pk, each in by_portfolio.items()]),
        Table(_("Etter kampanje"), [(asking[pk], each) for pk, each in by_campaign.items()]),
    ]
    return render(request, "systemusers/funnels.html", {"tables": tables, "labels": funnel.STAGES.values()})


NEWEST = 50


def _asking(request: StaffRequest) -> dict[int, str]:
    """Names of the newest campaigns that ask for accesses, by their ids."""
    rows = Campaign.objects.visible_to(request.user).filter(
        environment=request.environment, purpose=Campaign.Purpose.ASK, started_at__isnull=False
    )
    return dict(rows.values_list("pk", "name")[:NEWEST])
