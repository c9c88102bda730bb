"""A key is replaced through Digdir's self-service API, or by hand: nothing of others is lost, whoever stops in between."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from portal.core.audit import AuditEvent
from portal.core.states import IllegalTransition, LostRace
from portal.gateways.digdir import SCOPES as DCR
from portal.gateways.errors import Refused, Unavailable
from systemusers.models import KeyRotation, MaskinportenClient, SigningKey
from systemusers.services import clients, keys, scopes, tokens
from systemusers.services.keys import rotation as rotations
from systemusers.services.keys import self_service
from tests.submissions.deaths import dies
from tests.systemusers.staff import page, post
from tests.systemusers.world import BY, SCOPES, World, fresh, give_key, key_pair, make_client

R, K = KeyRotation.Status, SigningKey.Status
WRITE, NEW_SCOPES = "idporten:dcr.write", ["altinn:instances.read"]


@pytest.fixture
def api(world: World) -> World:
    """The client may use the self-service, and Digdir's keys take two minutes to work."""
    give_api(world)
    world.app.state.settings.key_delay_seconds = 120
    return world


def give_api(world: World) -> None:
    world.client.scopes = [*SCOPES, *DCR]
    clients.save_client(client=world.client, by=BY, at=world.at)
    world.introduce_client(world.client)


def remote(world: World, client: MaskinportenClient | None = None) -> list[str]:
    """The kids at Digdir."""
    return [key["kid"] for key in world.app.state.clients[(client or world.client).client_id].keys]


def post_foreign(world: World, number: int = 7, **changes: Any) -> str:
    """A key that somebody else has put on the client; Digdir has its own fields on it."""
    kid, _pem, jwk = key_pair(number)
    kept = world.app.state.clients[world.client.client_id]
    kept.keys.append({**jwk, **changes})
    kept.key_expires[kid] = world.at + timedelta(days=9)
    return kid


def started(world: World) -> KeyRotation:
    return rotations.start(client=world.client, by=BY, at=world.at)


def take(world: World, *steps: Callable[..., None], wait: int = 121) -> KeyRotation:
    row = KeyRotation.objects.get()
    for step in steps:
        step(rotation=fresh(row), by=BY, at=world.at)
        world.let_pass(wait)
    return fresh(row)


def test_a_key_is_replaced_and_the_keys_of_others_stay(api: World) -> None:
    foreign = post_foreign(api)
    old = SigningKey.objects.get()
    row = started(api)

    take(api, rotations.post)
    with_both = remote(api)
    take(api, rotations.use)
    in_use = (fresh(old).status, keys.active_key(api.client), remote(api))
    row = take(api, rotations.remove_old)

    assert with_both == [old.kid, foreign, row.new_key.kid]
    assert in_use == (K.RETIRED, row.new_key, with_both)
    assert remote(api) == [foreign, row.new_key.kid]
    assert row.status == R.DONE
    assert SigningKey.objects.filter(pk=old.pk, private_pem__isnull=True).exists()
    assert tokens.vendor_token(client=api.client, scopes=tuple(SCOPES[:1]), at=api.at)


def test_what_digdir_has_on_the_key_of_another_is_sent_back_as_it_is(api: World) -> None:
    post_foreign(api, alg="RS512")
    before = [dict(key) for key in api.app.state.clients[api.client.client_id].keys]
    started(api)

    take(api, rotations.post)

    assert api.app.state.clients[api.client.client_id].keys[:2] == before


def test_the_dates_come_from_the_posting(api: World) -> None:
    old = SigningKey.objects.get()
    SigningKey.objects.update(expires_at=None)
    row = started(api)
    api.let_pass(days=3)

    rotations.post(rotation=row, by=BY, at=api.at)

    for key in (fresh(old), fresh(row.new_key)):
        assert (key.registered_at, key.expires_at) == (api.at, api.at + keys.LIFETIME)


def test_a_key_is_not_used_before_maskinporten_can_know_it(api: World) -> None:
    started(api)
    row = take(api, rotations.post, wait=60)

    with pytest.raises(rotations.TooEarly) as caught:
        rotations.use(rotation=row, by=BY, at=api.at)

    assert caught.value.seconds == 60
    assert fresh(row).status == R.POSTED


def test_a_key_that_takes_longer_is_asked_for_again(api: World) -> None:
    api.app.state.settings.key_delay_seconds = 200
    old = SigningKey.objects.get()
    started(api)
    row = take(api, rotations.post)

    with pytest.raises(keys.KeyNotAccepted):
        rotations.use(rotation=row, by=BY, at=api.at)
    kept = keys.active_key(api.client)
    api.let_pass(80)

    assert kept == old
    assert take(api, rotations.use).status == R.USED


def test_the_first_key_of_a_client_needs_nothing_taken_away(api: World) -> None:
    other = make_client(client_id="without-a-key")
    api.introduce_client(other)
    row = rotations.start(client=other, by=BY, at=api.at)

    row = take(api, rotations.post, rotations.use)

    assert (row.status, row.old_key, remote(api, other)) == (R.DONE, None, [row.new_key.kid])


def test_five_keys_are_full_and_none_is_dropped(api: World) -> None:
    for number in range(11, 15):
        post_foreign(api, number)
    before = remote(api)
    row = started(api)

    with pytest.raises(self_service.SetIsFull) as caught:
        rotations.post(rotation=row, by=BY, at=api.at)

    assert caught.value.kids == remote(api) == before
    assert fresh(row).status == R.STARTED


def test_nothing_is_taken_away_when_the_new_key_is_not_there(api: World) -> None:
    started(api)
    row = take(api, rotations.post, rotations.use)
    tokens.vendor_token(client=api.client, scopes=(DCR[1],), at=api.at)
    forget(api, row.new_key.kid)
    before = remote(api)

    with pytest.raises(self_service.KeyNotRegistered):
        rotations.remove_old(rotation=row, by=BY, at=api.at)

    assert remote(api) == before
    assert fresh(row).status == R.USED


def test_another_key_under_our_kid_is_not_replaced(api: World) -> None:
    row = started(api)
    _kid, _pem, jwk = key_pair(8)
    api.app.state.clients[api.client.client_id].keys.append({**jwk, "kid": row.new_key.kid})

    with pytest.raises(self_service.OtherKeyWithKid):
        rotations.post(rotation=row, by=BY, at=api.at)

    assert fresh(row).status == R.STARTED


@pytest.mark.parametrize("kind", ["status", "reset", "truncated", "lost"])
def test_a_lost_answer_leaves_a_step_that_can_be_repeated(api: World, kind: str) -> None:
    row = started(api)
    tokens.vendor_token(client=api.client, scopes=(DCR[1],), at=api.at)
    api.fault(service="maskinporten", kind=kind, after=1)

    with pytest.raises(Unavailable):
        rotations.post(rotation=row, by=BY, at=api.at)
    api.app.faults.clear()
    row = take(api, rotations.post, rotations.use, rotations.remove_old)

    assert (row.status, remote(api)) == (R.DONE, [row.new_key.kid])


def test_each_step_is_in_the_trail_before_digdir_is_called(api: World) -> None:
    started(api)
    seen: list[list[str]] = []

    def look() -> None:
        seen.append(list(AuditEvent.objects.order_by("pk").values_list("what", flat=True)))

    api.transport.watch = look
    take(api, rotations.post, rotations.use, rotations.remove_old)

    puts = [request for request in api.transport.requests if request.method == "PUT"]
    trail = list(AuditEvent.objects.order_by("pk").values_list("what", flat=True))
    assert len(puts) == 2
    assert [what for what in seen[-1] if what in ("key-posted", "key-removed")] == ["key-posted", "key-removed"]
    order = [
        "rotation-started",
        "key-posted",
        "STARTED->POSTED",
        "key-tried",
        "POSTED->USED",
        "key-removed",
        "USED->DONE",
    ]
    assert [what for what in trail if what in order] == order


def test_two_who_begin_at_once_get_one_rotation(world: World) -> None:
    first = started(world)

    with pytest.raises(rotations.AlreadyRotating) as caught:
        started(world)

    assert caught.value.pk == first.pk
    assert SigningKey.objects.filter(status=K.NEW).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_in_the_same_moment_make_one_key(world: World) -> None:
    barrier, made = threading.Barrier(2), []

    def begin() -> None:
        barrier.wait()
        try:
            made.append(started(world).pk)
        except rotations.AlreadyRotating as error:
            made.append(error.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1
    assert SigningKey.objects.filter(status=K.NEW).count() == KeyRotation.objects.count() == 1


def test_the_second_of_two_does_not_step_on_the_first(api: World) -> None:
    """The second one presses the button while the first one's call is under way."""
    row = started(api)
    second: list[type[Exception]] = []

    def press() -> None:
        if second:
            return
        second.append(Exception)
        with pytest.raises(LostRace) as caught:
            rotations.post(rotation=fresh(row), by=BY, at=api.at)
        second[0] = caught.type

    api.transport.watch = press
    rotations.post(rotation=row, by=BY, at=api.at)
    api.transport.watch = lambda: None

    assert second == [LostRace]
    assert fresh(row).status == R.POSTED


def test_a_step_that_is_done_is_not_done_again(api: World) -> None:
    started(api)
    row = take(api, rotations.post)
    api.forget_calls()

    with pytest.raises(IllegalTransition):
        rotations.post(rotation=row, by=BY, at=api.at)

    assert api.transport.requests == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["post", "use", "remove_old"])
def test_whoever_dies_anywhere_the_next_one_ends_the_rotation(api: World, name: str) -> None:
    """Died before each effect of the step: then the rest is done from what is stored."""
    steps = [rotations.post, rotations.use, rotations.remove_old]
    index = ["post", "use", "remove_old"].index(name)
    for effect in itertools.count():
        old, foreign = keys.active_key(api.client), post_foreign(api, 100 + effect)
        KeyRotation.objects.all().delete()
        started(api)
        take(api, *steps[:index])
        row = KeyRotation.objects.get()

        has_died = dies(api, lambda row=row: steps[index](rotation=row, by=BY, at=api.at), effect)  # type: ignore[misc]

        api.let_pass(minutes=4)
        done = fresh(row).status not in (R.STARTED, R.POSTED, R.USED)
        rest = steps[index:] if fresh(row).status == [R.STARTED, R.POSTED, R.USED][index] else steps[index + 1 :]
        row = fresh(row) if done else take(api, *rest)
        assert (row.status, remote(api)) == (R.DONE, [foreign, row.new_key.kid]), effect
        assert keys.active_key(api.client) == row.new_key
        assert SigningKey.objects.filter(pk=old.pk, private_pem__isnull=True).exists()
        forget(api, foreign)
        if not has_died:
            break
    assert effect > 3


def forget(world: World, kid: str) -> None:
    kept = world.app.state.clients[world.client.client_id]
    kept.keys = [key for key in kept.keys if key["kid"] != kid]


def test_without_the_api_each_step_is_told_and_noted(staff: Client, world: World) -> None:
    post(staff, f"settings/clients/{world.client.pk}/rotation/")
    row = KeyRotation.objects.get()
    told = page(staff, f"settings/rotations/{row.pk}/")
    post(staff, f"settings/rotations/{row.pk}/post/")
    waiting = page(staff, f"settings/rotations/{row.pk}/")
    world.introduce_client(world.client)
    world.let_pass(121)
    used = post(staff, f"settings/rotations/{row.pk}/use/")
    asked = page(staff, f"settings/rotations/{row.pk}/remove/")
    ended = post(staff, f"settings/rotations/{row.pk}/remove/")

    assert row.is_manual
    assert world.client.client_id in told
    assert row.new_key.public_jwk["n"] in told
    assert "La de andre nøklene ligge" in told
    assert "Vent 120 sekunder" in waiting
    assert "Maskinporten godtok nøkkelen" in used
    assert row.old_key is not None
    assert row.old_key.kid in asked
    assert "Byttet er ferdig" in ended
    assert not [r for r in world.transport.requests if "/admin/" in r.url.path]


def test_a_kid_is_fixed_while_digdir_has_it_by_the_api_and_free_by_hand(api: World) -> None:
    started(api)
    row = take(api, rotations.post)
    through_api = keys.can_rename(row.new_key)
    rotations.continue_by_hand(rotation=row, by=BY, at=api.at)

    assert (through_api, keys.can_rename(row.new_key)) == (False, True)


def test_an_abandoned_rotation_leaves_both_keys_and_the_next_one_goes_on_with_the_new(api: World) -> None:
    first = started(api)
    take(api, rotations.post, rotations.abandon)

    again = started(api)

    assert again.new_key == first.new_key
    assert len(remote(api)) == 2


def test_a_rotation_whose_new_key_was_retired_can_be_abandoned(staff: Client, api: World) -> None:
    row = started(api)
    keys.retire_key(key=row.new_key, by=BY, at=api.at)

    offered = page(staff, f"settings/rotations/{row.pk}/")
    text = post(staff, f"settings/rotations/{row.pk}/abandon/")

    assert "Avbryt byttet" in offered
    assert "Byttet er avbrutt" in text


def test_an_imported_key_that_waits_is_not_taken_for_a_new_one(api: World) -> None:
    imported = give_key(api.client, number=1, status="NEW")
    SigningKey.objects.filter(pk=imported.pk).update(is_imported=True)

    assert started(api).new_key != imported


def test_the_pages_go_through_the_api(staff: Client, api: World) -> None:
    foreign = post_foreign(api)
    post(staff, f"settings/clients/{api.client.pk}/rotation/")
    row = KeyRotation.objects.get()
    texts = [post(staff, f"settings/rotations/{row.pk}/post/")]
    api.let_pass(121)
    texts += [post(staff, f"settings/rotations/{row.pk}/{step}/") for step in ("use", "remove")]
    listed = page(staff, f"settings/clients/{api.client.pk}/keys/digdir/")

    assert ["lagt inn" in texts[0], "tatt i bruk" in texts[1], "Byttet er ferdig" in texts[2]] == [True] * 3
    assert foreign in listed
    assert "Ukjent her. Andre kan bruke den" in listed
    assert fresh(row).status == R.DONE


def test_a_client_of_digdirs_list_is_added_with_its_scopes(staff: Client, api: World) -> None:
    api.control(
        "/control/clients",
        {"client_id": "old-one", "orgnr": api.client.orgnr, "name": "Lønn", "scopes": NEW_SCOPES, "jwks": {"keys": []}},
    )

    listed = page(staff, "settings/digdir/")
    text = post(staff, "settings/digdir/add/", {"client_id": "old-one"})
    again = post(staff, "settings/digdir/add/", {"client_id": "old-one"})

    row = MaskinportenClient.objects.get(client_id="old-one")
    assert "old-one" in listed
    assert "Klienten er lagt inn" in text
    assert (row.name, row.orgnr, row.scopes) == ("Lønn", api.client.orgnr, NEW_SCOPES)
    assert "lagt inn fra før" in again


def test_a_client_is_made_at_digdir(staff: Client, api: World) -> None:
    data = {"name": "Årsoppgjør", "description": "Sender", "scopes": "\n".join(NEW_SCOPES)}

    text = post(staff, "settings/digdir/new/", data)

    row = MaskinportenClient.objects.get(name="Årsoppgjør")
    assert "Digdir har laget klienten" in text
    assert api.app.state.clients[row.client_id].scopes == NEW_SCOPES == row.scopes


def test_unsigned_terms_are_answered_with_who_must_do_what(staff: Client, api: World) -> None:
    api.app.state.settings.terms_unsigned = True

    text = post(staff, "settings/digdir/new/", {"name": "N", "description": "D", "scopes": NEW_SCOPES[0]}, status=422)

    assert "bruksvilkårene er ikke signert" in text
    assert 'value="N"' in text
    assert MaskinportenClient.objects.count() == 1


def test_a_lost_answer_is_not_a_second_client(staff: Client, api: World) -> None:
    tokens.vendor_token(client=api.client, scopes=(WRITE,), at=api.at)
    api.fault(service="maskinporten", kind="lost")

    text = post(
        staff, "settings/digdir/new/", {"name": "Tapt", "description": "D", "scopes": NEW_SCOPES[0]}, status=422
    )

    made = [client for client in api.app.state.clients.values() if client.name == "Tapt"]
    assert "Se i listen om klienten ble laget" in text
    assert len(made) == 1
    assert made[0].client_id in page(staff, "settings/digdir/")


def test_a_client_that_maskinporten_refused_the_scope_is_not_the_admin_client(api: World) -> None:
    granted = self_service.can_use("SANDBOX")
    api.app.state.settings.key_delay_seconds = 0
    api.introduce_client(api.client, scopes=SCOPES)

    scopes.check_scopes(client=api.client, by=BY, at=api.at)

    assert (granted, self_service.can_use("SANDBOX")) == (True, False)


def test_the_refusal_of_digdir_is_a_sentence(staff: Client, api: World) -> None:
    other = make_client(client_id="of-nobody")
    give_key(other, number=3)

    with pytest.raises(Refused):
        self_service.list_keys(client=other, by=BY, at=api.at)

    assert "Digdir sa nei (404)" in page(staff, f"settings/clients/{other.pk}/keys/digdir/")


def test_case_workers_do_not_come_in(world: World, case_worker: Any) -> None:
    client, row = Client(), started(world)
    client.force_login(case_worker)

    for path in (f"rotations/{row.pk}/", "digdir/", f"clients/{world.client.pk}/keys/import/"):
        assert client.get(f"/sandbox/settings/{path}").status_code == 403
