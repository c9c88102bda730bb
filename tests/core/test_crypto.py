"""Encryption at rest: nothing readable in the database, and keys that can be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from portal.core import crypto
from portal.management.commands.rotate_encryption import SPARE
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
        return crypto.decrypt(file.read())


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
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    storages["documents"].save("ab/rotated", ContentFile(crypto.encrypt(b"<xml/>")))
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
    storage.save("cd/half" + SPARE, ContentFile(crypto.encrypt(b"only the spare is left")))

    call_command("rotate_encryption")

    assert stored_document("cd/half") == b"only the spare is left"
    assert not storage.exists("cd/half" + SPARE)


def test_without_the_key_the_error_names_the_setting(key: SigningKey, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(crypto.CannotDecrypt, match="ENCRYPTION_KEYS"):
        SigningKey.objects.get().private_pem  # noqa: B018 - loaded when it is read
