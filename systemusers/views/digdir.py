"""Clients at Digdir, and the replacement of a key step by step; through Digdir's API, or by hand with exact instructions."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import second_person
from accounts.guard import StaffRequest, staff_page
from portal.core.confirm import Question, ask_first, word_in
from portal.core.environments import addresses
from portal.core.states import LostRace
from portal.gateways.errors import Unavailable
from systemusers.key_forms import NewClientForm
from systemusers.models import KeyRotation, MaskinportenClient
from systemusers.services import keys
from systemusers.services.keys import rotation as rotations
from systemusers.services.keys import self_service
from systemusers.views import proposed
from systemusers.views.digdir_words import sentence

Status = KeyRotation.Status


def _told(request: StaffRequest, call: Callable[[], object]) -> bool:
    try:
        call()
    except Exception as error:
        messages.error(request, sentence(error))
        return False
    return True


def _rotation(request: StaffRequest, pk: int) -> KeyRotation:
    rows = KeyRotation.objects.select_related("client", "new_key__client", "old_key__client")
    return get_object_or_404(rows, pk=pk, client__environment=request.environment)


@staff_page(may="may_configure")
@require_POST
def start(request: StaffRequest, pk: int) -> HttpResponse:
    client = get_object_or_404(MaskinportenClient, pk=pk, environment=request.environment)
    try:
        running = rotations.start(client=client, by=request.user.actor, at=timezone.now()).pk
    except rotations.AlreadyRotating as error:
        messages.info(request, _("Byttet er begynt. Her er det slik det står."))
        running = error.pk
    except keys.TooManyKeys as error:
        messages.error(request, sentence(error))
        return redirect("settings", environment=request.environment)
    return redirect("rotation", environment=request.environment, pk=running)


@staff_page(may="may_configure")
def rotation(request: StaffRequest, pk: int) -> HttpResponse:
    row, at = _rotation(request, pk), timezone.now()
    left = rotations.time_left(row, at=at) if row.status == Status.POSTED else None
    context = {
        "rotation": row,
        "seconds": max(0, round(left.total_seconds())) if left else 0,
        "jwk": keys.public_jwk_text(row.new_key, form="jwk"),
        "digdir_url": addresses(request.environment).self_service_web,
        "can_use_api": self_service.can_use(request.environment, scope=self_service.MODIFY),
    }
    return render(request, "systemusers/rotation.html", context)


STEPS: dict[str, tuple[Callable[..., None], Callable[[], str]]] = {
    "post": (rotations.post, lambda: _("Nøkkelen er lagt inn. Maskinporten kjenner den om et par minutter.")),
    "use": (rotations.use, lambda: _("Maskinporten godtok nøkkelen, og den er tatt i bruk.")),
    "abandon": (rotations.abandon, lambda: _("Byttet er avbrutt. Den gamle nøkkelen er i bruk som før.")),
    "by-hand": (rotations.continue_by_hand, lambda: _("Resten gjøres for hånd hos Digdir.")),
}


@staff_page(may="may_configure")
@require_POST
def step(request: StaffRequest, pk: int, name: str) -> HttpResponse:
    row = _rotation(request, pk)
    if name == "use" and (key_used := proposed.key_used(row.new_key)).takes_two:
        return second_person.ask_first(request, key_used) or _to(request, pk)
    act, done = STEPS[name]
    if _told(request, lambda: act(rotation=row, by=request.user.actor, at=timezone.now())):
        messages.success(request, done())
    return _to(request, pk)


def _to(request: StaffRequest, pk: int) -> HttpResponse:
    return redirect("rotation", environment=request.environment, pk=pk)


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def remove_old(request: StaffRequest, pk: int) -> HttpResponse:
    row = _rotation(request, pk)
    if row.status != Status.USED or row.old_key is None:
        return redirect("rotation", environment=request.environment, pk=pk)
    page = ask_first(request, _removal(row, row.old_key.kid))
    if page is not None:
        return page
    if _told(request, lambda: rotations.remove_old(rotation=row, by=request.user.actor, at=timezone.now())):
        messages.success(request, _("Den gamle nøkkelen er borte hos Digdir. Byttet er ferdig."))
    return redirect("rotation", environment=request.environment, pk=pk)


def _removal(row: KeyRotation, kid: str) -> Question:
    where = {"environment": row.environment}
    by_hand = _("Fjern nøkkelen i Samarbeidsportalen først. Her noterer vi at det er gjort.")
    through_api = _("Bare denne nøkkelen fjernes. Alle andre nøkler på klienten blir liggende.")
    return Question(
        title=_("Fjern den gamle nøkkelen hos Digdir"),
        consequences=[
            _("Bruker andre systemer nøkkelen %(kid)s, slutter de å virke.") % {"kid": kid},
            by_hand if row.is_manual else through_api,
        ],
        button=_("Den er fjernet") if row.is_manual else _("Fjern den"),
        trail=[
            (_("Innstillinger"), reverse("settings", kwargs=where)),
            (_("Bytt nøkkel"), reverse("rotation", kwargs={**where, "pk": row.pk})),
        ],
        word=word_in(row.environment),
    )


@staff_page(may="may_configure")
def clients(request: StaffRequest) -> HttpResponse:
    """The vendor's clients as Digdir has them. A person waits for the answer."""
    rows: list[self_service.ListedClient] = []
    problem = ""
    try:
        rows = self_service.list_clients(environment=request.environment, by=request.user.actor, at=timezone.now())
    except Exception as error:
        problem = sentence(error)
    can_create = self_service.can_use(request.environment, scope=self_service.WRITE)
    context = {"rows": rows, "problem": problem, "can_create": can_create}
    return render(request, "systemusers/digdir_clients.html", context)


@staff_page(may="may_configure")
@require_POST
def add_client(request: StaffRequest) -> HttpResponse:
    wanted = request.POST.get("client_id", "")

    def call() -> None:
        try:
            self_service.add_listed(
                environment=request.environment, client_id=wanted, by=request.user.actor, at=timezone.now()
            )
        except KeyError:
            raise LostRace("the client is not listed any more") from None
        messages.success(request, _("Klienten er lagt inn. Importer nøkkelen den bruker, eller bytt til en ny."))

    return redirect("settings" if _told(request, call) else "digdir-clients", environment=request.environment)


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def new_client(request: StaffRequest) -> HttpResponse:
    form = NewClientForm(request.POST or None, environment=request.environment)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            self_service.create_client(
                environment=request.environment, name=data["name"], description=data["description"],
                scopes=data["scopes"], by=request.user.actor, at=timezone.now(),
            )  # fmt: skip
        except Unavailable:
            form.add_error(None, _("Vi fikk ikke svar. Se i listen om klienten ble laget, før du prøver igjen."))
        except Exception as error:
            form.add_error(None, sentence(error))
        else:
            messages.success(request, _("Digdir har laget klienten. Bytt nøkkel for å gi den sin første."))
            return redirect("settings", environment=request.environment)
    return render(request, "systemusers/digdir_client_new.html", {"form": form}, status=422 if form.errors else 200)


@staff_page(may="may_configure")
def client_keys(request: StaffRequest, pk: int) -> HttpResponse:
    """The set of a client as Digdir has it."""
    client = get_object_or_404(MaskinportenClient, pk=pk, environment=request.environment)
    rows: list[self_service.ListedKey] = []
    problem = ""
    try:
        rows = self_service.list_keys(client=client, by=request.user.actor, at=timezone.now())
    except Exception as error:
        problem = sentence(error)
    context = {"client": client, "rows": rows, "problem": problem}
    return render(request, "systemusers/digdir_keys.html", context)
