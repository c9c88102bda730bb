"""A key made elsewhere is taken in as it is, once, and what is secret comes back nowhere."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.core.audit import AuditEvent
from systemusers.models import MaskinportenClient, SigningKey
from systemusers.services import keys, tokens
from systemusers.services.keys import importing
from systemusers.services.keys.parsing import BadKey, Fault, parse_private_key
from tests.systemusers.staff import page
from tests.systemusers.world import BY, SCOPES, World, fresh, give_key, make_client

SECRET = "hemmelig ord"
KID = "vendor-2025.1"
PKCS1, PKCS8 = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8
Status = SigningKey.Status


@cache
def private(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def pem(form: serialization.PrivateFormat = PKCS8, *, word: str = "", key: Any = None) -> str:
    lock: Any = serialization.BestAvailableEncryption(word.encode()) if word else serialization.NoEncryption()
    return (key or private()).private_bytes(serialization.Encoding.PEM, form, lock).decode()


def jwk(*, key: Any = None, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key or private()))
    return {**made, "kid": KID, **changes}


def public_pem() -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private().public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def ec_pem() -> str:
    return pem(key=ec.generate_private_key(ec.SECP256R1()))


def long_pem() -> str:
    """As long as one of 16 384 bits, which takes minutes to check."""
    first, *body, last = pem(PKCS1).splitlines()
    return "\n".join([first, *(body * 8), last])


def damaged() -> str:
    lines = pem().splitlines()
    return "\n".join([*lines[:5], *lines[8:]])


def small_exponent() -> dict[str, Any]:
    return {name: value for name, value in jwk().items() if name in ("kty", "n", "e", "d", "kid")}


GOOD: dict[str, tuple[str, str]] = {
    "pkcs8": (pem(), ""),
    "pkcs1": (pem(PKCS1), ""),
    "pkcs8 encrypted": (pem(word=SECRET), SECRET),
    "pkcs1 encrypted": (pem(PKCS1, word=SECRET), SECRET),
    "indented, with text around": (f"Nøkkel:\n{pem()}\n".replace("\n", "\n   "), ""),
    "windows line ends": (pem().replace("\n", "\r\n"), ""),
    "with its certificate": (f"{pem()}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", ""),
    "a word that is not needed": (pem(), SECRET),
    "jwk": (json.dumps(jwk()), ""),
    "jwk without primes": (json.dumps(small_exponent()), ""),
    "set of one": (json.dumps({"keys": [jwk()]}), ""),
    "list of one": (json.dumps([jwk()]), ""),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_form_of_the_key_is_the_same_key(name: str) -> None:
    text, word = GOOD[name]

    parsed = parse_private_key(text.encode(), passphrase=word)

    public = parsed.public_jwk(KID)
    assert (public["n"], public["e"], set(public)) == (jwk()["n"], "AQAB", {"kty", "n", "e", "kid", "use", "alg"})
    assert parsed.kid == (KID if text.startswith(("{", "[")) else "")
    assert b"BEGIN PRIVATE KEY" in parsed.private_pem
    assert "PRIVATE" not in repr(parsed)


BAD: dict[Fault, list[str | bytes]] = {
    Fault.NOT_TEXT: [b"\x30\x82\x04\xa4\x02\x01\x00\xff"],
    Fault.TOO_LONG: ["x" * 70_000],
    Fault.NOT_A_KEY: ["hei", "[]", "[1]", json.dumps({"keys": []}), json.dumps({"n": "x"})],
    Fault.DAMAGED: [damaged(), pem()[:-40], pem()[30:], "{", json.dumps(jwk(d="AQAB")), json.dumps(jwk(p=5))],
    Fault.CERTIFICATE: ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"],
    Fault.PUBLIC_ONLY: [public_pem(), json.dumps({n: v for n, v in jwk().items() if n in ("kty", "n", "e")})],
    Fault.WRONG_TYPE: [ec_pem(), json.dumps({"kty": "EC", "d": "x"}), json.dumps({"kty": "oct", "k": "x"})],
    Fault.TOO_SMALL: [pem(key=private(1024)), json.dumps(jwk(key=private(1024)))],
    Fault.TOO_LARGE: [json.dumps(jwk(n="_" * 2731)), json.dumps(jwk(d="_" * 2731)), long_pem()],
    Fault.SEVERAL: [pem() + pem(PKCS1), json.dumps([jwk(), jwk()]), json.dumps({"keys": [jwk(), jwk()]})],
    Fault.PASSPHRASE_NEEDED: [pem(word=SECRET), pem(PKCS1, word=SECRET)],
}


@pytest.mark.parametrize(("fault", "given"), [(fault, given) for fault, many in BAD.items() for given in many])
def test_each_fault_has_a_name_of_its_own(fault: Fault, given: str | bytes) -> None:
    with pytest.raises(BadKey) as caught:
        parse_private_key(given if isinstance(given, bytes) else given.encode())

    assert caught.value.fault == fault
    assert str(caught.value) == fault


@pytest.mark.parametrize("form", [PKCS1, PKCS8])
def test_a_wrong_passphrase_is_said_to_be_wrong(form: serialization.PrivateFormat) -> None:
    with pytest.raises(BadKey) as caught:
        parse_private_key(pem(form, word=SECRET).encode(), passphrase="feil")

    assert caught.value.fault == Fault.PASSPHRASE_WRONG


def send(staff: Client, client: MaskinportenClient, **data: Any) -> tuple[int, str]:
    reply = staff.post(f"/sandbox/settings/clients/{client.pk}/keys/import/", data, follow=True)
    return reply.status_code, reply.content.decode()


def test_a_key_in_use_is_imported_tried_and_signs(staff: Client, world: World) -> None:
    client = make_client(client_id="in-use-elsewhere")
    status, text = send(staff, client, key_text=pem(word=SECRET), key_password=SECRET, kid=KID)
    key = SigningKey.objects.get(client=client)
    imported = (key.status, key.kid, key.is_imported, key.expires_at, key.registered_at)
    world.introduce_client(client)

    staff.post(f"/sandbox/settings/keys/{key.pk}/activate/")

    assert (status, imported) == (200, (Status.NEW, KID, True, None, None))
    assert "Nøkkelen er importert" in text
    assert "Ukjent" in text
    assert fresh(key).status == Status.ACTIVE
    assert tokens.vendor_token(client=client, scopes=tuple(SCOPES[:1]), at=world.at)


def test_a_file_is_as_good_as_text_and_a_jwk_brings_its_kid(staff: Client, world: World) -> None:
    day = (world.at + timedelta(days=100)).date()
    file = SimpleUploadedFile("key.json", json.dumps(jwk()).encode())

    send(staff, world.client, key_file=file, expires_on=day.isoformat())

    key = SigningKey.objects.get(kid=KID)
    assert key.expires_at is not None
    assert (key.expires_at - world.at).days in (99, 100)


@pytest.mark.parametrize(
    ("data", "field", "text"),
    [
        ({"key_text": ec_pem()}, "key_text", "Maskinporten tar bare RSA"),
        ({"key_text": public_pem()}, "key_text", "bare den offentlige delen"),
        ({"key_text": pem(key=private(1024))}, "key_text", "Nøkkelen er på 1024 bit. Den må ha minst 2048."),
        ({"key_text": damaged()}, "key_text", "skadet eller ufullstendig"),
        ({"key_text": pem() + pem(PKCS1)}, "key_text", "flere nøkler"),
        ({"key_text": pem(word=SECRET)}, "key_password", "Nøkkelen er kryptert"),
        ({"key_text": pem(word=SECRET), "key_password": "feil"}, "key_password", "Passordet åpner ikke nøkkelen"),
        ({"key_text": ""}, "key_text", "Lim inn nøkkelen, eller velg en fil"),
        ({"key_text": pem(), "kid": "a b"}, "kid", "Bruk bare bokstavene"),
        ({"key_text": pem(), "kid": ""}, "kid", "Skriv nøkkel-id-en"),
        ({"key_text": pem(), "expires_on": "2020-01-01"}, "expires_on", "Datoen er passert"),
        ({"key_text": pem(), "expires_on": "2040-01-01"}, "expires_on", "høyst ett år"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_only_the_secret_is_gone(
    staff: Client, world: World, data: dict[str, str], field: str, text: str
) -> None:
    before = SigningKey.objects.count()
    typed = {"kid": KID, "expires_on": "2027-03-01", **data}

    status, shown = send(staff, world.client, **typed)

    at_field = shown[shown.index(f'id="id_{field}-error"') :][:400]
    assert (status, SigningKey.objects.count()) == (422, before)
    assert text in at_field
    assert all(value in shown for name, value in typed.items() if name in ("kid", "expires_on"))
    assert "vises ikke igjen" in shown
    assert not any(line in shown for line in data.get("key_text", "").splitlines() if len(line) > 30)
    assert "feil" not in shown or 'value="feil"' not in shown


def test_a_key_that_is_here_and_a_kid_that_is_taken_are_refused_at_their_fields(staff: Client, world: World) -> None:
    other = make_client(client_id="another")
    send(staff, other, key_text=pem(), kid=KID)
    again = pem(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))

    _, same_key = send(staff, world.client, key_text=pem(), kid="other-kid")
    _, same_kid = send(staff, world.client, key_text=again, kid=KID)
    _, own_kid = send(staff, other, key_text=again, kid=KID)

    assert f"Nøkkelen finnes her fra før, som {KID} på Fjordtall" in same_key
    assert "Fjordtall har en nøkkel med denne id-en" in same_kid
    assert "Klienten har en annen nøkkel med denne id-en" in own_kid
    assert SigningKey.objects.filter(is_imported=True).count() == 1


def test_the_same_kid_in_another_environment_is_another_key(staff: Client, world: World) -> None:
    elsewhere = make_client(environment="TEST")
    parsed = parse_private_key(pem().encode())

    for client in (elsewhere, world.client):
        importing.import_key(client=client, parsed=parsed, kid=KID, expires_at=None, by=BY, at=world.at)

    assert SigningKey.objects.filter(kid=KID).count() == 2


def test_the_secret_is_in_no_log_trail_or_page(staff: Client, world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    line = pem().splitlines()[3]

    send(staff, world.client, key_text=pem(word=SECRET), key_password=SECRET, kid=KID)
    shown = page(staff, "settings/")

    trail = json.dumps(list(AuditEvent.objects.values_list("what", "detail")))
    assert KID in trail
    for secret in (line, SECRET, jwk()["d"]):
        assert secret not in caplog.text + trail + shown


def test_a_large_body_is_not_taken(staff: Client, world: World) -> None:
    file = SimpleUploadedFile("key.pem", b"x" * 300_000)

    reply = staff.post(f"/sandbox/settings/clients/{world.client.pk}/keys/import/", {"key_file": file})

    assert reply.status_code == 413


def rename(staff: Client, key: SigningKey, kid: str, **data: str) -> tuple[int, str]:
    reply = staff.post(f"/sandbox/settings/keys/{key.pk}/kid/", {"kid": kid, **data}, follow=True)
    return reply.status_code, reply.content.decode()


def test_the_kid_can_be_changed_until_the_key_is_used(staff: Client, world: World) -> None:
    key = give_key(world.client, number=1, status="NEW")

    renamed = rename(staff, key, "digdir-gave-this")
    after = fresh(key)
    world.introduce_client(world.client)
    keys.activate_key(key=after, by=BY, at=world.at)
    status, text = rename(staff, key, "too-late")

    assert renamed[0] == 200
    assert (after.kid, after.public_jwk["kid"]) == ("digdir-gave-this",) * 2
    assert "Da kan id-en ikke endres" in text
    assert (status, fresh(key).kid) == (200, "digdir-gave-this")


@pytest.mark.parametrize("kid", ["a b", "æ", "a/b", "x" * 256, ""])
def test_a_kid_that_digdir_does_not_take_is_refused(staff: Client, world: World, kid: str) -> None:
    key = give_key(world.client, number=1, status="NEW")

    status, _text = rename(staff, key, kid)

    assert (status, fresh(key).kid) == (422, key.kid)


def test_the_kid_of_another_key_is_refused(staff: Client, world: World) -> None:
    key = give_key(world.client, number=1, status="NEW")
    taken = world.client.keys.exclude(pk=key.pk).get().kid

    status, text = rename(staff, key, taken)

    assert (status, fresh(key).kid) == (422, key.kid)
    assert "har en annen nøkkel med denne id-en" in text


def test_two_who_change_the_kid_at_once_see_each_other(staff: Client, world: World) -> None:
    key = give_key(world.client, number=1, status="NEW")
    shown = page(staff, f"settings/keys/{key.pk}/kid/")
    version = shown.partition('name="version" value="')[2].partition('"')[0]
    keys.rename_key(key=key, kid="first", by=BY, at=world.at)

    status, text = rename(staff, key, "second", version=version)

    assert version
    assert (status, fresh(key).kid) == (422, "first")
    assert "En annen har lagret dette" in text


@pytest.mark.parametrize(
    ("form", "wrap"), [("jwk", lambda x: x), ("list", lambda x: [x]), ("set", lambda x: {"keys": [x]})]
)
def test_the_public_half_is_a_file_in_each_form_also_when_retired(
    staff: Client, world: World, form: str, wrap: Any
) -> None:
    key = SigningKey.objects.get()
    keys.retire_key(key=key, by=BY, at=world.at)

    reply = staff.get(f"/sandbox/settings/keys/{key.pk}/public/{form}/")

    assert json.loads(reply.content) == wrap(key.public_jwk)
    assert reply["Content-Disposition"].startswith("attachment;")
    assert staff.get(f"/sandbox/settings/keys/{key.pk}/public/private/").status_code == 404


def test_a_retired_key_has_no_private_half_and_stays_listed(staff: Client, world: World) -> None:
    old = SigningKey.objects.get()
    new = give_key(world.client, number=1, status="NEW")
    world.introduce_client(world.client)

    keys.activate_key(key=new, by=BY, at=world.at)

    wiped = SigningKey.objects.filter(pk=old.pk, private_pem__isnull=True)
    assert wiped.exists()
    assert old.kid in page(staff, "settings/")
    assert datetime.fromisoformat(str(fresh(old).expires_at))


def test_an_activation_that_fails_wipes_nothing(world: World) -> None:
    old = SigningKey.objects.get()
    new = give_key(world.client, number=1, status="NEW")

    with pytest.raises(keys.KeyNotAccepted):
        keys.activate_key(key=new, by=BY, at=world.at)

    assert fresh(old).private_pem is not None
