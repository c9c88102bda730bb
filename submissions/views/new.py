"""Ny innsending: pick the customer, then what to deliver, the period and the files. Ends on the draft's own page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from accounts.services.business_register import warnings_of
from portal.core.bodies import takes_files
from portal.core.environments import Environment
from portal.core.lists import Link
from portal.core.required import required
from portal.core.search import row_id
from submissions.adapters.base import About
from submissions.forms import NewSubmissionForm
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.handing_over import for_a_person
from submissions.services.offers import Offer, offers_for
from submissions.services.pages.open_draft import OpenDraftShown, open_draft_shown, open_drafts_of
from submissions.services.pages.page import RefusedFile, refused_files
from submissions.views.examples import examples
from submissions.views.one import say_not_stored
from submissions.views.pick import Pick, pick_customer


@staff_page(may="may_work")
@takes_files
def new(request: StaffRequest) -> HttpResponse:
    customers = Customer.objects.visible_to(request.user).filter(environment=request.environment).current()
    chosen = row_id(request.GET.get("customer", ""))
    if chosen is None:
        return pick_customer(request, SUBMISSION)
    customer = get_object_or_404(customers, pk=chosen)
    offers = {offer.key: offer for offer in offers_for(customer)}
    form = NewSubmissionForm(
        request.POST or None,
        request.FILES or None,
        offers=offers,
        today=timezone.localdate(),
        initial=_wanted(request, offers),
    )
    if request.method == "POST" and form.is_valid():
        return _begin(request, customer, form)
    return _page(request, customer, form, status=422 if form.errors else 200)


def _wanted(request: StaffRequest, offers: dict[str, Offer]) -> dict[str, str]:
    """What a link to this page asks for: `service` and `period`. Unknown values are left to the form's own."""
    given = {"period": request.GET.get("period", "")}
    service = request.GET.get("service")
    given["offer"] = next(
        (key for key, offer in offers.items() if offer.is_allowed and offer.service.id == service), ""
    )
    return {name: value for name, value in given.items() if value}


def _page(
    request: StaffRequest,
    customer: Customer,
    form: NewSubmissionForm,
    *,
    refused: list[RefusedFile] | None = None,
    open_draft: OpenDraftShown | None = None,
    status: int = 200,
) -> HttpResponse:
    offers = form.offers
    context = {
        "customer": customer,
        "customer_id": str(customer.pk),
        "register_warnings": warnings_of(customer),
        "form": form,
        "offers": offers,
        "refused": refused,
        "open_draft": open_draft,
        "open_drafts": [] if open_draft else open_drafts_of(customer),
        "has_access": bool(offers),
        "hand_overs": for_a_person(),
        "may_send": any(offer.is_allowed for offer in offers.values()),
    }
    return render(request, "submissions/new.html", context, status=status)


SUBMISSION = Pick(
    "submission-new",
    Link("submissions", gettext_lazy("Innsendinger")),
    gettext_lazy("Ny innsending"),
    gettext_lazy("Hvem skal du levere for?"),
)


def _begin(request: StaffRequest, customer: Customer, form: NewSubmissionForm) -> HttpResponse:
    """Redirect to the draft, which shows refused files; or the form again when no file could be used."""
    offer = form.offers[form.cleaned_data["offer"]]
    access, service = required(offer.access, because="the form takes allowed offers only"), offer.service.id
    period, files = form.cleaned_data["period"], form.cleaned_data["uploads"]
    if "examples" in request.POST and request.environment == Environment.SANDBOX:
        options = catalogue.service(service).options
        about = About(customer.orgnr, period, service, options)
        files = examples(about, name=customer.name, wrong=request.POST["examples"] == "wrong_sum")
    try:
        draft, refused = drafts.begin(
            access=access, service=service, period=period, files=files, by=request.user.actor, at=timezone.now(),
            customer=customer, beside=form.cleaned_data["beside"],
        )  # fmt: skip
    except drafts.OpenDraft as error:
        return _page(request, customer, form, open_draft=open_draft_shown(error.draft), status=409)
    except drafts.NotAllowed as error:
        messages.error(request, str(error))
        return redirect(request.get_full_path())
    except drafts.NotStored as error:
        say_not_stored(request, error)
        return _page(request, customer, form, status=503)
    if draft is None:
        return _page(request, customer, form, refused=refused_files(refused, service_id=service), status=422)
    if not files:
        messages.info(request, _("Kladden er tom, for ingen filer var valgt. Legg til filer her."))
    if draft.created_by not in request.user.actors:
        messages.info(request, _("Kladden med de samme filene fantes fra før. Den er laget av en annen."))
    return redirect("submission", environment=request.environment, pk=draft.pk)
