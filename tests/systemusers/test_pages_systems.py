"""Systems, profiles, clients and keys through the real pages, with the sandbox behind."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.test import Client

from portal.sandbox.faults import Fault
from systemusers.models import Access, AccessProfile, MaskinportenClient, SigningKey, System
from tests.fixtures import VENDOR_ORGNR
from tests.systemusers.staff import page, post
from tests.systemusers.world import DIALOGS, PACKAGE, RESOURCE, World, fresh, give_key, make_client

REGISTER = "/platform/authentication/api/v1/systemregister/vendor"
FORM = {
    "name_nb": "Fjordtall", "name_nn": "Fjordtall", "name_en": "Fjordtall", "description_nb": "Leverer",
    "description_nn": "Leverer", "description_en": "Files", "rights": RESOURCE, "packages": PACKAGE,
    "redirect_urls": "http://127.0.0.1:8000/return",
}  # fmt: skip


def edit(staff: Client, system: System, **values: Any) -> str:
    """Save the form of a stored system; the page one ends on."""
    clients = {"client": system.client_id, "client_ids": "\n".join(system.client_ids)}
    return post(staff, f"systems/{system.pk}/edit/", {**FORM, **clients, **values})


def test_a_system_is_made_and_registered(staff: Client, client_row: MaskinportenClient, world: World) -> None:
    blank = page(staff, "systems/new/")
    made = post(staff, "systems/new/", {**FORM, "client": client_row.pk, "system_id": "fjordtall"})
    row = System.objects.get()
    registered = post(staff, f"systems/{row.pk}/register/")

    assert f"{settings.PORTAL_URL}/return" in blank
    assert "Altinn kjenner ikke systemet ennå" in made
    assert row.system_id == f"{VENDOR_ORGNR}_fjordtall"
    assert "Systemet er registrert i Altinn. Lag en profil" in registered
    assert "Be om tilgang" not in registered


def test_a_registered_system_with_a_profile_leads_on_to_asking(staff: Client, profile: AccessProfile) -> None:
    text = page(staff, f"systems/{profile.system_id}/")

    assert 'href="/sandbox/access/new/">Be om tilgang' in text


def test_a_whole_id_that_was_pasted_keeps_one_prefix(staff: Client, client_row: MaskinportenClient) -> None:
    post(staff, "systems/new/", {**FORM, "client": client_row.pk, "system_id": f"{VENDOR_ORGNR}_fjordtall"})

    assert System.objects.get().system_id == f"{VENDOR_ORGNR}_fjordtall"


def test_rights_are_ticked_by_their_names_and_others_typed(
    staff: Client, client_row: MaskinportenClient, world: World
) -> None:
    blank = page(staff, "systems/new/")
    values = {"client": client_row.pk, "system_id": "x", "rights": [RESOURCE, f"ukjent\n{RESOURCE}"]}

    post(staff, "systems/new/", {**FORM, **values})

    row = System.objects.get()
    again = page(staff, f"systems/{row.pk}/edit/")
    assert f"Aksjonærregisteroppgaven ({RESOURCE})" in blank
    assert row.rights == [RESOURCE, "ukjent"]
    assert re.search(rf'value="{RESOURCE}"[^>]* checked', again)
    assert ">\nukjent</textarea>" in again


def test_with_altinn_away_rights_are_typed(staff: Client, client_row: MaskinportenClient, world: World) -> None:
    world.app.faults.order(Fault(service="*", path="", kind="status", status=503, seconds=0.0, times=9))

    blank = page(staff, "systems/new/")
    post(staff, "systems/new/", {**FORM, "client": client_row.pk, "system_id": "fjordtall"})

    assert "Aksjonærregisteroppgaven (" not in blank
    assert System.objects.get().rights == [RESOURCE]


def test_what_is_missing_is_asked_for_in_a_sentence(staff: Client, client_row: MaskinportenClient) -> None:
    text = post(staff, "systems/new/", {"client": client_row.pk}, status=422)

    assert "Navn (nynorsk): Skriv navnet på nynorsk. Altinn viser det til kunden." in text
    assert "Skriv en id for systemet" in text
    assert "Feltet er påkrevet" not in text


def test_the_only_free_client_is_chosen_beforehand(staff: Client, system: System) -> None:
    taken = page(staff, "systems/new/")
    free = make_client(client_id="another")

    text = page(staff, "systems/new/")

    assert "selected>Fjordtall" not in taken
    assert f'<option value="{free.pk}" selected>' in text


def test_bad_input_is_told_at_the_field_and_nothing_typed_is_lost(
    staff: Client, client_row: MaskinportenClient
) -> None:
    bad = {**FORM, "client": client_row.pk, "system_id": "to ord", "redirect_urls": "http://portal.example.no/return"}

    text = post(staff, "systems/new/", bad, status=422)

    assert "mellomrom" in text
    assert "begynner på https://" in text
    assert 'value="to ord"' in text
    assert "Leverer</textarea>" in text
    assert not System.objects.exists()


def shown_on(text: str) -> dict[str, str]:
    """The form of the page of differences as the browser would send it: choices, and what binds them to what was shown."""
    hidden = dict(re.findall(r'type="hidden" name="(seen|shown)" value="([^"]+)"', text))
    chosen = re.findall(r'name="([\w-]+)" value="(theirs|ours)" checked', text)
    assert hidden.keys() == {"seen", "shown"}
    return {**hidden, **dict(chosen)}


def send_ours(staff: Client, system: System) -> str:
    """Confirm on the page of differences what an edit changed; the page one ends on."""
    form = shown_on(page(staff, f"systems/{system.pk}/diff/"))
    return post(staff, f"systems/{system.pk}/diff/", {**form, "act": "confirm"})


def test_an_edit_of_a_registered_system_is_shown_before_it_goes_to_altinn(
    staff: Client, system: System, world: World
) -> None:
    text = edit(staff, system, name_nb="Fjordtall Pluss")
    before = world.app.state.systems[system.system_id].name["nb"]
    sent = send_ours(staff, system)

    assert "Lagret her, ikke sendt til Altinn" in text
    assert "4 endringer skrives til Altinn" in text  # three descriptions too
    assert before == "Fjordtall"
    assert "4 endringer er skrevet til Altinn" in sent
    assert world.app.state.systems[system.system_id].name["nb"] == "Fjordtall Pluss"


def test_an_edit_while_altinn_is_away_is_kept_and_shown_as_a_difference(
    staff: Client, system: System, world: World
) -> None:
    world.fault(kind="status", times=5)

    text = edit(staff, system, name_nb="Fjordtall Pluss")

    assert "er lagret her" in text
    assert "Altinn har noe annet enn dere" in text
    assert fresh(system).name_nb == "Fjordtall Pluss"


def test_an_edit_that_altinn_refuses_is_told_as_that_and_kept_here(staff: Client, system: System) -> None:
    edit(staff, system, rights=f"{RESOURCE}\nfinnes-ikke-i-registeret")

    text = send_ours(staff, system)

    assert "Enkeltrettigheter: Altinn finner ikke rettigheten" in text
    assert "Oppdatert i systemregisteret" not in text
    assert "Altinn sa nei til oppdateringen" in text
    assert "Altinn finner ikke rettigheten (AUTH.VLD-00003)" in text
    assert fresh(system).rights == [RESOURCE, "finnes-ikke-i-registeret"]
    assert "rights" in {entry["field"] for entry in fresh(system).drift}


def test_the_history_says_that_an_update_was_tried_and_then_that_it_was_done(staff: Client, system: System) -> None:
    edit(staff, system, name_nb="Fjordtall Pluss")

    text = send_ours(staff, system)

    assert text.index("Oppdatert i systemregisteret") < text.index("Prøver å oppdatere systemregisteret")


def test_an_update_without_an_answer_is_told_as_that(staff: Client, system: System, world: World) -> None:
    edit(staff, system, name_nb="Fjordtall Pluss")
    form = shown_on(page(staff, f"systems/{system.pk}/diff/"))
    world.fault(kind="lost", path=REGISTER, after=1)

    text = post(staff, f"systems/{system.pk}/diff/", {**form, "act": "confirm"})

    assert "Altinn svarte ikke på oppdateringen" in text
    assert "Oppdatert i systemregisteret" not in text


def test_a_change_that_cannot_be_signed_is_kept_and_not_sent(staff: Client, system: System) -> None:
    SigningKey.objects.update(status="NEW")

    text = edit(staff, system, name_nb="Fjordtall Pluss")

    assert "Klienten har ingen gyldig nøkkel" in text
    assert "Altinn har noe annet enn dere" in text
    assert fresh(system).name_nb == "Fjordtall Pluss"


def test_comparing_updating_and_the_log_of_a_system(staff: Client, system: System, world: World) -> None:
    world.app.state.systems[system.system_id].name["en"] = "Other"

    compared = post(staff, f"systems/{system.pk}/compare/")
    form = shown_on(page(staff, f"systems/{system.pk}/diff/?all=ours"))
    updated = post(staff, f"systems/{system.pk}/diff/", {**form, "act": "confirm"})

    assert "Other" in compared
    assert "Altinns endringslogg" in compared
    assert "Registrert i Altinns register" in compared
    assert "1 endring er skrevet til Altinn" in updated
    assert world.app.state.systems[system.system_id].name["en"] == "Fjordtall"


def test_deleting_names_those_it_hits_and_wants_the_id(staff: Client, approved: Access) -> None:
    system = approved.profile.system
    asked = page(staff, f"systems/{system.pk}/delete/")
    wrong = post(staff, f"systems/{system.pk}/delete/", {"typed": "ja"}, status=422)
    right = post(staff, f"systems/{system.pk}/delete/", {"typed": system.system_id})

    assert "Nordlys Eiendom AS" in asked
    assert "nøyaktig slik" in wrong
    assert "Systemet er slettet i Altinn" in right


def test_a_profile_is_ticked_together(staff: Client, system: System) -> None:
    data = {
        "name": "Lønn",
        "kind": "STANDARD",
        "packages": [PACKAGE],
        "purpose_nb": "levere",
        "purpose_nn": "levere",
        "purpose_en": "file",
    }

    post(staff, f"systems/{system.pk}/profiles/new/", data)
    empty = post(staff, f"systems/{system.pk}/profiles/new/", {**data, "name": "Tom", "packages": []}, status=422)

    assert AccessProfile.objects.get().packages == [PACKAGE]
    assert "Profilen ber ikke om noe" in empty


def test_a_key_goes_from_made_to_copied_to_used(staff: Client, world: World) -> None:
    made = post(staff, f"settings/clients/{world.client.pk}/keys/")
    key = SigningKey.objects.get(status="NEW")
    refused = post(staff, f"settings/keys/{key.pk}/activate/")
    world.introduce_client(world.client)
    used = post(staff, f"settings/keys/{key.pk}/activate/")

    assert key.public_jwk["n"] in made
    assert "PRIVATE" not in made
    assert "Maskinporten godtok ikke nøkkelen" in refused
    assert "tatt i bruk" in used


def test_in_the_sandbox_a_new_key_is_handed_over_on_its_own_page(
    staff: Client, client_row: MaskinportenClient, settings: Any
) -> None:
    give_key(client_row, number=1, status="NEW")

    text = page(staff, "settings/")

    assert f'href="{settings.SANDBOX_URL}/control#clients"' in text
    assert "hos Digdir, vent" not in text


def test_scopes_nobody_has_tried_have_one_button_and_no_colour(staff: Client, world: World) -> None:
    text = page(staff, "settings/")

    assert text.count("Prøv scopene") == 1
    assert text.index("Prøv scopene") < text.index("Svar fra Maskinporten")
    assert text.count("Ikke undersøkt") == len(world.client.scopes)
    assert 'data-color="warning"' not in text


def test_the_scope_doctor_says_what_is_missing_and_who_mends_it(staff: Client, world: World) -> None:
    world.introduce_client(world.client, scopes=world.client.scopes[:1])

    text = post(staff, f"settings/clients/{world.client.pk}/scopes/")

    assert "Tildelt" in text
    assert "Mangler på klienten" in text
    assert "<code>MP-200</code>" in text


def test_a_client_is_made_with_scopes_on_lines(staff: Client, world: World) -> None:
    data = {
        "name": "Ny",
        "client_id": " abc ",
        "orgnr": "310 123 455",
        "scopes": f"{DIALOGS[0]}\n\n {DIALOGS[0]} \nto ord",
    }

    wrong = post(staff, "settings/clients/new/", data, status=422)
    post(staff, "settings/clients/new/", {**data, "scopes": f"{DIALOGS[0]}\n{DIALOGS[0]}"})

    made = MaskinportenClient.objects.get(client_id="abc")
    assert "mellomrom" in wrong
    assert (made.scopes, made.orgnr, made.environment) == ([DIALOGS[0]], VENDOR_ORGNR, "SANDBOX")


def test_without_a_key_everything_says_what_to_do(staff: Client, sent: Access) -> None:
    SigningKey.objects.update(status="NEW")
    give_key(sent.profile.system.client, number=2, status="NEW")

    assert "lag en ny nøkkel" in post(staff, f"access/{sent.pk}/withdraw/")
    assert "gyldig nøkkel" in post(staff, f"systems/{sent.profile.system_id}/compare/")
    assert "Scopene kan prøves når" in page(staff, "settings/")
