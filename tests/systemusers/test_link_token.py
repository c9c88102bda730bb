"""The secret of a customer's link: found by its hash, stored encrypted, and seen in no address of ours and no log."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.core.crypto import CannotDecrypt, Sealed
from portal.core.env import new_key
from portal.core.logging import redact
from portal.management.commands.rotate_encryption import rotate_column
from systemusers.models import Access, hash_of_link
from systemusers.models.link_token import PLACE
from systemusers.services import access, links
from tests.systemusers.world import BY, World, fresh


def stored(row: Access) -> str:
    """The row as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a::text, encode(sealed_link, 'escape') FROM systemusers_access a WHERE id = %s", [row.pk]
        )
        return " ".join(cursor.fetchone())


def test_the_table_has_no_link_in_clear(sent: Access) -> None:
    assert sent.link_token not in stored(sent)
    assert hashlib.sha256(sent.link_token.encode()).hexdigest() in stored(sent)
    assert sent.link_token not in repr(vars(fresh(sent)))


def test_a_link_is_found_without_naming_it_to_the_database(sent: Access) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = links.find_link(sent.link_token)

    assert found == sent
    assert sent.link_token not in str(queries.captured_queries)


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "x", hash_of_link, lambda t: ""])
def test_no_other_text_finds_it(sent: Access, change: Any) -> None:
    with pytest.raises(links.UnknownLink):
        links.find_link(change(sent.link_token))


def test_a_new_link_ends_the_old(sent: Access, world: World) -> None:
    old = sent.link_token
    access.reopen_link(access=sent, by=BY, at=world.at)

    with pytest.raises(links.UnknownLink):
        links.find_link(old)
    assert links.find_link(fresh(sent).link_token) == sent
    assert fresh(sent).link_hash == hash_of_link(sent.link_token)


def test_many_are_made_in_one_statement(sent: Access) -> None:
    rows = [
        Access(
            environment=sent.environment, customer=sent.customer, profile=sent.profile, status_at=sent.status_at,
            external_ref=f"many-{number}", requested_by=BY, next_attempt_at=sent.status_at,
        )
        for number in range(300)
    ]  # fmt: skip

    with CaptureQueriesContext(connection) as queries:
        made = Access.objects.bulk_create(rows)

    assert len(queries) == 1
    assert {links.find_link(row.link_token) for row in made[::100]} == {*made[::100]}
    assert len({row.link_hash for row in made}) == 300


def test_two_accesses_never_share_a_link(sent: Access, asked: Access) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Access.objects.filter(pk=sent.pk).update(link_hash=hash_of_link("x"))
        Access.objects.bulk_create([Access(
            environment=sent.environment, customer=sent.customer, profile=sent.profile, status_at=sent.status_at,
            external_ref="other", requested_by=BY, next_attempt_at=sent.status_at, link_hash=hash_of_link("x"),
        )])  # fmt: skip


def test_saving_a_row_keeps_its_link(sent: Access) -> None:
    row = fresh(sent)
    row.save()

    assert (fresh(sent).link_token, fresh(sent).link_hash) == (sent.link_token, sent.link_hash)


def test_the_link_is_encrypted_anew_with_the_first_key(sent: Access, settings: Any) -> None:
    before = bytes(Access.objects.get(pk=sent.pk).sealed_link.ciphertext)
    settings.ENCRYPTION_KEYS = [new_key(), *settings.ENCRYPTION_KEYS]

    written = rotate_column(Access, Access._meta.get_field("sealed_link"), [])

    row = fresh(sent)
    assert (written, row.link_token) == (1, sent.link_token)
    assert row.sealed_link.ciphertext != before


def test_a_list_of_accesses_needs_no_key(sent: Access) -> None:
    Access.objects.filter(pk=sent.pk).update(sealed_link=Sealed(b"not readable", place=PLACE))
    row = Access.objects.get(pk=sent.pk)

    with pytest.raises(CannotDecrypt):
        row.link_token  # noqa: B018


def test_addresses_of_staff_hold_nothing_of_a_link(sent: Access, client: Client, administrator: User) -> None:
    client.force_login(administrator)
    page = client.get(f"/sandbox/access/{sent.pk}/").content.decode()
    [seen] = re.findall(r"seen=([^\"&]+)", page)

    assert re.fullmatch(r"[0-9a-f]{16}", seen)
    assert seen[:6] not in {sent.link_hash[:6], sent.link_token[:6]}


def test_another_link_changes_the_page(sent: Access, client: Client, administrator: User, world: World) -> None:
    client.force_login(administrator)
    address = f"/sandbox/access/{sent.pk}/"
    [seen] = re.findall(r"seen=([^\"&]+)", client.get(address).content.decode())
    access.reopen_link(access=sent, by=BY, at=world.at + timedelta(seconds=1))

    reply = client.get(f"{address}?seen={seen}", headers={"HX-Request": "true", "HX-Target": "status"})

    assert reply.status_code == 200


def test_no_log_shows_a_link(client: Client, sent: Access, world: World, caplog: Any) -> None:
    access.revoke_link(access=sent, by=BY, at=world.at)

    client.get(f"/l/{sent.link_token}/")

    assert sent.link_token not in redact("\n".join(record.getMessage() for record in caplog.records))
