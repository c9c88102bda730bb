"""Keys of a client: import, the id of a key, the public half as a file. What is secret is never sent back or kept."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guard import StaffRequest, staff_page
from portal.core.bodies import takes_key_file
from portal.core.required import required
from portal.core.stale import EditedMeanwhile
from systemusers.key_forms import ImportKeyForm, KidForm
from systemusers.models import MaskinportenClient, SigningKey
from systemusers.services import keys
from systemusers.services.keys.importing import KeyIsHere, import_key

JWK_NAMES = {"jwk": "jwk", "set": "jwks", "list": "jwk-list"}


def find_key(request: StaffRequest, pk: int) -> SigningKey:
    return get_object_or_404(
        SigningKey.objects.select_related("client"), pk=pk, client__environment=request.environment
    )


@staff_page(may="may_configure")
@takes_key_file
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
@sensitive_post_parameters()
def import_one(request: StaffRequest, pk: int) -> HttpResponse:
    client, at = get_object_or_404(MaskinportenClient, pk=pk, environment=request.environment), timezone.now()
    is_sent = request.method == "POST"
    form = ImportKeyForm(request.POST if is_sent else None, request.FILES if is_sent else None, at=at)
    if is_sent and form.is_valid() and _stored(request, client, form):
        messages.success(request, _("Nøkkelen er importert. Prøv den: «Ta i bruk» spør Maskinporten først."))
        return redirect("settings", environment=request.environment)
    context = {"form": form, "client": client}
    return render(request, "systemusers/key_import.html", context, status=422 if form.errors else 200)


@sensitive_variables()
def _stored(request: StaffRequest, client: MaskinportenClient, form: ImportKeyForm) -> bool:
    """False: why not stands at the field."""
    data = form.cleaned_data
    parsed = required(form.parsed, because="a valid form has parsed it")
    try:
        import_key(
            client=client, parsed=parsed, kid=data["kid"], expires_at=data["expires_on"], by=request.user.actor,
            at=form.at,
        )  # fmt: skip
    except KeyIsHere as error:
        form.add_error("key_file" if data.get("key_file") else "key_text", _here(error))
    except keys.KidInUse as error:
        form.add_error("kid", kid_in_use(error))
    except keys.TooManyKeys:
        form.add_error(None, _("Klienten har fem nøkler her, og Digdir tar imot fem. Ta en gammel ut av bruk først."))
    else:
        return True
    return False


def _here(error: KeyIsHere) -> str:
    names = {"kid": error.kid, "name": error.name}
    if error.is_retired:
        text = _("Nøkkelen er tatt ut av bruk her, som %(kid)s på %(name)s, og kan ikke tas i bruk igjen. Lag en ny.")
        return text % names
    return _("Nøkkelen finnes her fra før, som %(kid)s på %(name)s.") % names


def kid_in_use(error: keys.KidInUse) -> str:
    if error.name:
        return _("%(name)s har en nøkkel med denne id-en.") % {"name": error.name}
    return _("Klienten har en annen nøkkel med denne id-en.")


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: StaffRequest, pk: int) -> HttpResponse:
    key = find_key(request, pk)
    if not keys.can_rename(key):
        messages.warning(request, _("Nøkkelen er brukt eller lagt inn hos Digdir. Da kan id-en ikke endres."))
        return redirect("settings", environment=request.environment)
    before = SigningKey.objects.get(pk=pk)
    form = KidForm(request.POST or None, instance=before)
    if request.method == "POST" and form.is_valid() and _renamed(request, key, form):
        return redirect("settings", environment=request.environment)
    context = {"form": form, "client": key.client, "key": key}
    return render(request, "systemusers/key_kid.html", context, status=422 if form.errors else 200)


def _renamed(request: StaffRequest, key: SigningKey, form: KidForm) -> bool:
    try:
        keys.rename_key(key=key, kid=form.cleaned_data["kid"], by=request.user.actor, at=timezone.now(), seen=form.seen)
    except keys.KidInUse as error:
        form.add_error("kid", kid_in_use(error))
    except keys.KeyIsFixed:
        form.add_error("kid", _("Nøkkelen er brukt eller lagt inn hos Digdir. Da kan id-en ikke endres."))
    except EditedMeanwhile as error:
        form.show_edited(error)
    else:
        messages.success(request, _("Nøkkel-id-en er lagret."))
        return True
    return False


@staff_page(may="may_configure")
@require_safe
def public_half(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    """The public half as a file: one JWK, a set, or a list."""
    key = find_key(request, pk)
    text = keys.public_jwk_text(key, form=form)
    name = f"maskinporten-{key.pk}-{JWK_NAMES[form]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="application/json", headers=headers)
