"""Encryption at rest: nothing readable in the database, and keys that can be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from portal.core import crypto
from portal.core.env import new_key
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.put import put
from portal.management.commands import rotate_encryption
from portal.management.commands.rotate_encryption import SPARE
from submissions.services.documents import PLACE
from systemusers.models import MaskinportenClient, SigningKey
from tests.fixtures import AT, VENDOR_ORGNR

SECRET = b"-----BEGIN PRIVATE KEY----- not really"


@pytest.fixture(autouse=True)
def own_storage(settings: Settings, tmp_path: Path) -> None:
    """Documents of other tests, under other keys, are none of ours."""
    documents = {**settings.STORAGES["documents"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "documents": documents}


@pytest.fixture
def key(db: None) -> SigningKey:
    client = MaskinportenClient.objects.create(environment="SANDBOX", client_id="c", name="c", orgnr=VENDOR_ORGNR)
    return SigningKey.objects.create(
        client=client, kid="k", public_jwk={}, private_pem=SECRET, created_at=AT, expires_at=AT
    )


def stored_document(name: str) -> bytes:
    with storages["documents"].open(name) as file:
        return crypto.decrypt(file.read(), place=PLACE, row=name.rsplit("/", 1)[-1])


def sealed(plain: bytes, sha256: str) -> ContentFile[bytes]:
    return ContentFile(crypto.encrypt(plain, place=PLACE, row=sha256))


def stored(key: SigningKey) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_pem FROM systemusers_signingkey WHERE id = %s", [key.pk])
        return bytes(cursor.fetchone()[0])


def test_the_database_holds_ciphertext_and_python_sees_the_key(key: SigningKey) -> None:
    key.refresh_from_db()

    assert b"PRIVATE" not in stored(key)
    assert key.private_pem == SECRET


def test_saving_twice_does_not_encrypt_twice(key: SigningKey) -> None:
    key.refresh_from_db()
    key.save()

    assert SigningKey.objects.get().private_pem == SECRET


def test_rotation_moves_everything_to_the_new_key(key: SigningKey, settings: Settings) -> None:
    old, new = settings.ENCRYPTION_KEYS[0], new_key()
    storages["documents"].save("ab/rotated", sealed(b"<xml/>", "rotated"))
    settings.ENCRYPTION_KEYS = [new, old]

    call_command("rotate_encryption")

    settings.ENCRYPTION_KEYS = [new]
    assert SigningKey.objects.get().private_pem == SECRET
    assert stored_document("ab/rotated") == b"<xml/>"


def test_rotation_of_a_portal_that_has_no_documents_yet(settings: Settings, tmp_path: Path, db: None) -> None:
    documents = {**settings.STORAGES["documents"], "OPTIONS": {"location": tmp_path / "not made yet"}}
    settings.STORAGES = {**settings.STORAGES, "documents": documents}

    call_command("rotate_encryption")


def test_rotation_mends_what_an_earlier_one_left_half_done(settings: Settings, db: None) -> None:
    storage = storages["documents"]
    storage.save("cd/half" + SPARE, sealed(b"only the spare is left", "half"))

    call_command("rotate_encryption")

    assert stored_document("cd/half") == b"only the spare is left"
    assert not storage.exists("cd/half" + SPARE)


def test_without_the_key_the_error_names_the_setting(key: SigningKey, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [new_key()]

    with pytest.raises(crypto.CannotDecrypt, match="ENCRYPTION_KEYS"):
        SigningKey.objects.get().private_pem  # noqa: B018 - loaded when it is read


def another_key(settings: Settings) -> None:
    """Before the old."""
    settings.ENCRYPTION_KEYS = [new_key(), *settings.ENCRYPTION_KEYS]


def mail_to(address: str) -> OutboxMessage:
    put(
        kind=OutboxMessage.Kind.MAIL, key=f"to:{address}", address=address, payload={"text": address}, at=AT, send=False
    )
    return OutboxMessage.objects.get(key=f"to:{address}")


def swap(first: OutboxMessage, second: OutboxMessage) -> None:
    """What somebody with the database and without a key could do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE portal_outboxmessage AS a SET sealed_address = b.sealed_address FROM portal_outboxmessage AS b"
            " WHERE a.id IN (%(one)s, %(two)s) AND b.id IN (%(one)s, %(two)s) AND a.id <> b.id",
            {"one": first.pk, "two": second.pk},
        )


def test_the_same_text_is_stored_differently_each_time(settings: Settings) -> None:
    assert crypto.encrypt(b"a", place="t.c") != crypto.encrypt(b"a", place="t.c")


@pytest.mark.parametrize("elsewhere", [{"place": "t.other"}, {"place": "t.c", "row": "2"}], ids=["column", "row"])
def test_what_was_stored_in_one_place_does_not_open_in_another(elsewhere: dict[str, str]) -> None:
    sealed = crypto.encrypt(b"secret", place="t.c", row="1")

    with pytest.raises(crypto.CannotDecrypt, match=elsewhere["place"]):
        crypto.decrypt(sealed, **elsewhere)


@pytest.mark.parametrize("position", range(0, 40, 3))
def test_no_byte_can_be_changed_unseen(position: int) -> None:
    sealed = bytearray(crypto.encrypt(b"eleven byte", place="t.c"))
    sealed[position] ^= 1

    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(bytes(sealed), place="t.c")


@pytest.mark.parametrize("length", [0, 1, 5, 16, 20])
def test_what_is_cut_off_does_not_open(length: int) -> None:
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(crypto.encrypt(b"eleven byte", place="t.c")[:length], place="t.c")


def test_addresses_of_two_mails_cannot_be_exchanged(db: None) -> None:
    mine, theirs = mail_to("ola@example.no"), mail_to("kari@example.no")

    swap(mine, theirs)

    with pytest.raises(crypto.CannotDecrypt):
        OutboxMessage.objects.get(pk=mine.pk).address  # noqa: B018 - decrypted when it is read


def test_a_field_bound_to_its_row_is_not_written_without_it(key: SigningKey) -> None:
    with pytest.raises(TypeError, match="private_pem"):
        SigningKey.objects.update(private_pem=b"another")


def test_rotation_works_batch_by_batch_and_passes_over_what_is_done(
    settings: Settings, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [mail_to(f"{n}@example.no") for n in range(5)]
    monkeypatch.setattr(rotate_encryption, "BATCH", 2)
    another_key(settings)
    field = OutboxMessage._meta.get_field("sealed_address")

    rounds = [rotate_encryption.rotate_column(OutboxMessage, field, []) for _ in range(2)]

    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert rounds == [5, 0]
    assert [OutboxMessage.objects.get(pk=mail.pk).address for mail in mails] == [f"{n}@example.no" for n in range(5)]


def test_rotation_goes_on_past_a_damaged_value_and_says_so(settings: Settings, key: SigningKey) -> None:
    storages["documents"].save("ab/whole", sealed(b"<xml/>", "whole"))
    storages["documents"].save("aa/damaged", sealed(b"<xml/>", "another"))
    another_key(settings)

    with pytest.raises(CommandError, match="aa/damaged"):
        call_command("rotate_encryption")

    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert stored_document("ab/whole") == b"<xml/>"
