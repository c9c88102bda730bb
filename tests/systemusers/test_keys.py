"""Keys are made here, tried at Maskinporten before they are used, and replaced without a gap. And the scope doctor."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from portal.core.environments import Environment
from portal.core.states import IllegalTransition
from portal.desk.connection import DONE, nine_steps
from portal.explain import explain
from portal.gateways import maskinporten
from portal.gateways.errors import Unavailable
from systemusers.models import MaskinportenClient, ScopeGrant, SigningKey
from systemusers.services import keys, scopes, tokens
from tests.fixtures import AT
from tests.systemusers.world import BY, SCOPES, World, fresh, give_key

Status = SigningKey.Status
V = ScopeGrant.Verdict


def test_a_new_key_is_not_in_use_and_lasts_a_year(client_row: MaskinportenClient) -> None:
    key = keys.make_key(client=client_row, by=BY, at=AT)

    assert (key.status, keys.days_left(key, at=AT)) == (Status.NEW, 365)
    assert keys.days_left(key, at=AT + timedelta(days=400)) == 0


def test_the_private_half_is_encrypted_in_the_database(client_row: MaskinportenClient) -> None:
    key = keys.make_key(client=client_row, by=BY, at=AT)

    with connection.cursor() as cursor:
        cursor.execute("SELECT private_pem FROM systemusers_signingkey WHERE id = %s", [key.pk])
        stored = bytes(cursor.fetchone()[0])
    assert b"PRIVATE" not in stored
    assert b"PRIVATE" in bytes(fresh(key).private_pem)


def test_the_public_half_to_copy_has_nothing_private(client_row: MaskinportenClient) -> None:
    jwk = json.loads(keys.public_jwk_text(give_key(client_row, number=1, status="NEW")))[0]

    assert jwk.keys() == {"kty", "n", "e", "kid", "use", "alg"}


def test_digdir_takes_five_keys(client_row: MaskinportenClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys.lifecycle, "MOST_KEYS", 1)

    with pytest.raises(keys.TooManyKeys):
        keys.make_key(client=client_row, by=BY, at=AT)


def test_a_key_maskinporten_knows_takes_over_from_the_one_before(world: World) -> None:
    old = SigningKey.objects.get()
    new = give_key(world.client, number=1, status="NEW")
    world.introduce_client(world.client)

    keys.activate_key(key=new, by=BY, at=world.at)

    assert (fresh(old).status, fresh(new).status) == (Status.RETIRED, Status.ACTIVE)
    assert keys.active_key(world.client) == new


def test_a_key_maskinporten_does_not_know_is_not_taken_into_use(world: World) -> None:
    old = SigningKey.objects.get()
    new = give_key(world.client, number=1, status="NEW")

    with pytest.raises(keys.KeyNotAccepted):
        keys.activate_key(key=new, by=BY, at=world.at)

    assert (fresh(old).status, fresh(new).status) == (Status.ACTIVE, Status.NEW)


def test_a_missing_scope_does_not_speak_against_the_key(world: World) -> None:
    new = give_key(world.client, number=1, status="NEW")
    world.introduce_client(world.client, scopes=[])

    keys.activate_key(key=new, by=BY, at=world.at)

    assert fresh(new).status == Status.ACTIVE


def test_when_maskinporten_is_away_the_old_key_stays(world: World) -> None:
    new = give_key(world.client, number=1, status="NEW")
    world.fault(service="maskinporten", kind="reset")

    with pytest.raises(Unavailable):
        keys.activate_key(key=new, by=BY, at=world.at)

    assert fresh(new).status == Status.NEW


def test_a_retired_key_cannot_come_back(world: World) -> None:
    key = SigningKey.objects.get()
    keys.retire_key(key=key, by=BY, at=world.at)

    with pytest.raises(IllegalTransition):
        keys.activate_key(key=key, by=BY, at=world.at)


def test_a_key_past_our_own_date_is_used_while_maskinporten_takes_it(
    staff: Client, administrator: User, world: World
) -> None:
    world.introduce_client(world.client, scopes=SCOPES)
    SigningKey.objects.update(expires_at=world.at - timedelta(seconds=5))
    before = staff.get("/sandbox/").text

    token = tokens.vendor_token(client=world.client, scopes=tuple(SCOPES[:1]), at=world.at)

    after = staff.get("/sandbox/").text
    assert token
    assert "har passert datoen sin" in before
    assert "Maskinporten godtok den sist" not in before
    assert "Maskinporten godtok den sist" in after
    assert "Ingenting kan sendes" not in before + after


def test_a_key_that_maskinporten_no_longer_takes_is_said_to_be_so_by_maskinporten(world: World) -> None:
    world.introduce_client(world.client, scopes=SCOPES)
    kid = SigningKey.objects.get().kid
    world.control(f"/control/clients/{world.client.client_id}/keys/{kid}/expire")

    with pytest.raises(tokens.TokenRefused) as caught:
        tokens.vendor_token(client=world.client, scopes=tuple(SCOPES[:1]), at=world.at)

    assert caught.value.code == "MP-121"


def test_a_client_without_a_key_in_use_has_none(client_row: MaskinportenClient) -> None:
    client_row.keys.update(status=Status.RETIRED, private_pem=None)

    with pytest.raises(keys.NoKey):
        keys.active_key(client_row)


def verdicts(grants: list[ScopeGrant]) -> dict[str, tuple[str, str]]:
    return {row.scope: (row.verdict, row.code) for row in grants}


def test_the_doctor_asks_for_each_scope_by_itself(world: World) -> None:
    world.introduce_client(world.client, scopes=SCOPES[:3], granted_scopes=SCOPES[:2])

    result = verdicts(scopes.check_scopes(client=world.client, by=BY, at=world.at))

    assert list(result) == SCOPES
    assert result[SCOPES[0]] == result[SCOPES[1]] == (V.GRANTED, "")
    assert result[SCOPES[2]] == (V.NOT_GRANTED, "MP-250")
    assert result[SCOPES[3]] == (V.NOT_ON_CLIENT, "MP-200")


@pytest.mark.parametrize(
    ("seconds", "code", "title"),
    [(30, "CLOCK_AHEAD", "går for fort"), (-30, "CLOCK_BEHIND", "går for sakte")],
    ids=["ahead", "behind"],
)
def test_a_wrong_clock_is_not_called_a_key_that_is_not_registered(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: int, code: str, title: str
) -> None:
    world.introduce_client(world.client, scopes=SCOPES)
    monkeypatch.setattr(maskinporten, "clock", lambda: world.app.clock.now() + timedelta(seconds=seconds))

    grants = scopes.check_scopes(client=world.client, by=BY, at=world.at)

    assert set(verdicts(grants).values()) == {(V.UNKNOWN, code)}
    assert title in str(explain(code).title)
    assert {abs((grant.clock_off or 0) - seconds) <= 1 for grant in grants} == {True}
    assert all(grant.text for grant in grants)


def test_the_page_says_how_far_off_the_clock_is_and_what_maskinporten_wrote(
    staff: Client, administrator: User, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.introduce_client(world.client, scopes=SCOPES)
    monkeypatch.setattr(maskinporten, "clock", lambda: world.app.clock.now() + timedelta(seconds=40))
    text = scopes.check_scopes(client=world.client, by=BY, at=world.at)[0].text
    ScopeGrant.objects.update(clock_off=40)

    page = staff.get("/sandbox/settings/").content.decode()

    assert "Forskjell til Maskinportens klokke: 40 sekunder" in page
    assert f'lang="en">{text}</q>' in page


def test_a_clock_that_is_right_again_leaves_no_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.introduce_client(world.client, scopes=SCOPES)
    with monkeypatch.context() as wrong:
        wrong.setattr(maskinporten, "clock", lambda: world.app.clock.now() + timedelta(seconds=40))
        scopes.check_scopes(client=world.client, by=BY, at=world.at)

    scopes.check_scopes(client=world.client, by=BY, at=world.at)

    assert set(ScopeGrant.objects.values_list("verdict", "text", "clock_off")) == {(V.GRANTED, "", None)}


def test_a_grant_is_stamped_when_it_is_signed_whatever_the_task_says(world: World) -> None:
    world.introduce_client(world.client, scopes=SCOPES)

    result = verdicts(scopes.check_scopes(client=world.client, by=BY, at=world.at - timedelta(minutes=3)))

    assert set(result.values()) == {(V.GRANTED, "")}


def test_a_slow_answer_does_not_make_the_next_grant_old(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.introduce_client(world.client, scopes=SCOPES)
    world.app.clock.set(world.at, frozen=True, tokens_follow=True)
    monkeypatch.setattr(maskinporten, "clock", world.app.clock.now)
    answer = world.transport.handle_request

    def slow(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        world.app.clock.advance(15)
        return response

    monkeypatch.setattr(world.transport, "handle_request", slow)

    result = verdicts(scopes.check_scopes(client=world.client, by=BY, at=world.at))

    assert len(SCOPES) > 1
    assert set(result.values()) == {(V.GRANTED, "")}


def test_a_key_that_ran_out_says_nothing_of_the_scopes(world: World) -> None:
    kid = SigningKey.objects.get().kid
    world.control(f"/control/clients/{world.client.client_id}/keys/{kid}/expire")

    result = verdicts(scopes.check_scopes(client=world.client, by=BY, at=world.at))

    assert set(result.values()) == {(V.UNKNOWN, "MP-121")}


def test_the_doctor_forgets_scopes_nobody_wants_any_more(world: World) -> None:
    scopes.check_scopes(client=world.client, by=BY, at=world.at)
    world.client.scopes = SCOPES[:1]

    scopes.check_scopes(client=world.client, by=BY, at=world.at)

    assert list(ScopeGrant.objects.values_list("scope", flat=True)) == SCOPES[:1]


def test_what_the_doctor_found_before_maskinporten_went_away_stays(world: World) -> None:
    world.fault(service="maskinporten", kind="status", after=2)

    with pytest.raises(Unavailable):
        scopes.check_scopes(client=world.client, by=BY, at=world.at)

    assert ScopeGrant.objects.filter(verdict=V.GRANTED).count() == 2


def test_without_a_key_the_doctor_cannot_ask(world: World, db: Any) -> None:
    SigningKey.objects.update(status=Status.RETIRED, private_pem=None)

    with pytest.raises(keys.NoKey):
        scopes.check_scopes(client=world.client, by=BY, at=world.at)


@pytest.mark.parametrize(
    ("days", "level"), [(61, 0), (60, 1), (31, 1), (30, 2), (8, 2), (7, keys.LAST_WARNING), (-1, keys.LAST_WARNING)]
)
def test_the_end_of_a_key_is_warned_of_in_three_periods(days: int, level: int) -> None:
    assert keys.warning(AT + timedelta(days=days), at=AT) == level


def test_every_page_warns_of_the_end_of_a_key_at_the_same_time(
    staff: Client, administrator: User, world: World
) -> None:
    scopes.check_scopes(client=world.client, by=BY, at=world.at)
    texts = {"": "Maskinporten-nøkkel utløper om", "settings/": "Lag en ny nøkkel før denne går ut"}
    shown = {}
    for days in (61, 59):
        world.client.keys.update(expires_at=world.at + timedelta(days=days, minutes=1))
        pages = [text in staff.get(f"/sandbox/{url}").content.decode() for url, text in texts.items()]
        first = nine_steps(environment=Environment.SANDBOX, user=administrator, at=world.at)[0]
        shown[days] = [*pages, (first.state, bool(first.how)) == (DONE, True)]

    assert shown == {61: [False] * 3, 59: [True] * 3}
