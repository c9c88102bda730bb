"""Tokens: what is asked for, what is kept and for how long, and one request in flight for each."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.db import connection

from portal.core.valkey import valkey
from portal.gateways.errors import Refused, Unavailable
from systemusers.models import Access, SigningKey, SystemUser
from systemusers.services import tokens
from tests.systemusers.world import DIALOGS, TOKEN, World, fresh

S = Access.Status


def grants(world: World) -> list[dict[str, Any]]:
    """The claims of every grant that was sent."""
    forms = [dict(pair.split("=") for pair in r.content.decode().split("&")) for r in world.calls("POST", TOKEN)]
    return [jwt.decode(form["assertion"], options={"verify_signature": False}) for form in forms]


def test_a_customers_token_names_owner_and_reference(approved: Access, world: World) -> None:
    token = tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)

    details = jwt.decode(token, options={"verify_signature": False})["authorization_details"][0]
    asked = grants(world)[-1]["authorization_details"][0]
    assert details["systemuser_id"] == [approved.altinn_id]
    assert asked["systemuser_org"]["ID"] == f"0192:{approved.customer.orgnr}"
    assert asked["externalRef"] == approved.external_ref


def test_the_first_token_puts_the_access_in_use(approved: Access, world: World) -> None:
    tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)

    assert fresh(approved).status == S.IN_USE
    assert SystemUser.objects.get(access=approved).first_token_at == world.at


def test_two_workers_with_a_first_token_do_not_quarrel(approved: Access, world: World) -> None:
    other = fresh(approved)
    tokens.note_token(access=other, at=world.at)

    tokens.note_token(access=approved, at=world.at)

    assert fresh(approved).status == S.IN_USE


def test_a_token_is_kept_until_twenty_seconds_before_its_end(approved: Access, world: World) -> None:
    first = tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)
    world.let_pass(seconds=95)
    second = tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)
    world.let_pass(seconds=5)
    third = tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)

    assert first == second != third


def test_the_order_of_scopes_makes_no_other_token(world: World) -> None:
    scopes = ("altinn:authentication/systemregister.write", "digdir:dialogporten")

    first = tokens.vendor_token(client=world.client, scopes=scopes, at=world.at)

    assert tokens.vendor_token(client=world.client, scopes=scopes[::-1], at=world.at) == first


def test_other_owners_references_scopes_and_environments_have_tokens_of_their_own(approved: Access) -> None:
    keys = {tokens.prepare_grant(access=approved, scopes=DIALOGS).cache_key}
    keys.add(tokens.prepare_grant(access=approved, scopes=("altinn:events.subscribe",)).cache_key)
    approved.external_ref = "another"
    keys.add(tokens.prepare_grant(access=approved, scopes=DIALOGS).cache_key)
    approved.customer.orgnr = "314004217"
    keys.add(tokens.prepare_grant(access=approved, scopes=DIALOGS).cache_key)
    approved.environment = "TEST"
    keys.add(tokens.prepare_grant(access=approved, scopes=DIALOGS).cache_key)

    assert len(keys) == 5


def test_what_is_kept_cannot_be_read_in_valkey(approved: Access, world: World) -> None:
    token = tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)

    kept = [valkey().get(key) for key in valkey().keys("portal:token:*")]
    assert kept
    assert not any(part.encode() in value for value in kept for part in token.split("."))


def test_a_fresh_token_is_asked_for_past_the_cache(approved: Access, world: World) -> None:
    first = tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)
    world.let_pass(seconds=1)

    second = tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at, fresh=True)

    assert first != second == tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)


def test_an_exchanged_token_is_altinns_and_kept_for_itself(approved: Access, world: World) -> None:
    raw = tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)

    first = tokens.exchanged_token(access=approved, scopes=DIALOGS, at=world.at)
    world.let_pass(minutes=20)
    second = tokens.exchanged_token(access=approved, scopes=DIALOGS, at=world.at)

    issuer = jwt.decode(first, options={"verify_signature": False})["iss"]
    assert raw != first == second
    assert (issuer, len(world.calls("GET", "exchange"))) == (world.app.issuers()["altinn"], 1)


def test_no_system_user_is_a_state_and_not_a_fault(sent: Access, world: World) -> None:
    with pytest.raises(tokens.AccessMissing) as caught:
        tokens.system_user_token(access=sent, scopes=DIALOGS, at=world.at)

    assert caught.value.code == "MP-303"
    assert (fresh(sent).status, fresh(sent).missing_since) == (S.SENT, None)


def test_a_scope_we_lack_is_a_refusal(approved: Access, world: World) -> None:
    with pytest.raises(Refused) as caught:
        tokens.system_user_token(access=approved, scopes=("skatteetaten:mangler",), at=world.at)

    assert caught.value.code == "MP-200"
    assert fresh(approved).missing_since is None


def test_without_a_key_nothing_is_signed(approved: Access, world: World) -> None:
    SigningKey.objects.update(status=SigningKey.Status.RETIRED, private_pem=None)

    with pytest.raises(tokens.NoKey):
        tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)


def test_the_key_remembers_its_use_once_an_hour(world: World) -> None:
    tokens.vendor_token(client=world.client, scopes=DIALOGS, at=world.at)
    first = SigningKey.objects.get().last_used_at
    world.let_pass(minutes=30)
    tokens.vendor_token(client=world.client, scopes=DIALOGS, at=world.at)

    assert first == SigningKey.objects.get().last_used_at == world.at - timedelta(minutes=30)


def test_without_valkey_tokens_are_asked_for_each_time(world: World, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    first = tokens.vendor_token(client=world.client, scopes=DIALOGS, at=world.at)
    second = tokens.vendor_token(client=world.client, scopes=DIALOGS, at=world.at)

    assert first
    assert second
    assert len(world.calls("POST", TOKEN)) == 2


def test_after_a_change_of_encryption_keys_a_kept_token_is_asked_for_anew(world: World, settings: Any) -> None:
    prepared = tokens.prepare_vendor_grant(client=world.client, scopes=DIALOGS)
    tokens.fetch_token(prepared, at=world.at)
    settings.ENCRYPTION_KEYS = ["Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="]

    tokens.fetch_token(prepared, at=world.at)

    assert len(world.calls("POST", TOKEN)) == 2


def test_a_maskinporten_that_is_away_leaves_no_lock_behind(world: World) -> None:
    world.fault(service="maskinporten", kind="timeout")

    with pytest.raises(Unavailable):
        tokens.vendor_token(client=world.client, scopes=DIALOGS, at=world.at)

    assert tokens.vendor_token(client=world.client, scopes=DIALOGS, at=world.at)


def test_many_threads_share_one_request_and_touch_no_database(world: World, django_assert_num_queries: Any) -> None:
    prepared = tokens.prepare_vendor_grant(client=world.client, scopes=DIALOGS)
    world.fault(service="maskinporten", kind="slow", seconds=0.3)
    result: list[str] = []

    def ask() -> None:
        result.append(tokens.fetch_token(prepared, at=world.at))
        assert connection.connection is None  # this thread's own

    threads = [threading.Thread(target=ask) for _ in range(8)]
    with django_assert_num_queries(0):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

    assert (len(result), len(set(result)), len(world.calls("POST", TOKEN))) == (8, 1, 1)


def test_no_secret_shows_in_what_is_printed(approved: Access) -> None:
    shown = repr(tokens.prepare_grant(access=approved, scopes=DIALOGS))

    assert "PRIVATE KEY" not in shown
    assert "MII" not in shown
