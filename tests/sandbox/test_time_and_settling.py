"""Two times: the sandbox's own, which a tester moves, and that of grants and tokens, which stays real. And late rights."""

from __future__ import annotations

import time
import uuid

import httpx
import jwt
import pytest

from portal.sandbox.altinn.rights import resources_of
from portal.sandbox.testing import private_key, shared_key_app

from .altinn_rig import ALL, CHANGE, FEES, GRANT, SHARES, K, V, public_jwk, rar, ready, rig, rights
from .altinn_rig import Rig as AltinnRig
from .dialog_rig import DialogRig, dialogs
from .tax_rig import fail_on_bug

__all__ = ["dialogs", "ready", "rig"]
ORIGIN = "http://127.0.0.1:8901"


class RealTime:
    """A sandbox with the real clock, and a program that signs by real time."""

    def __init__(self) -> None:
        transport = httpx.WSGITransport(app=shared_key_app(origin=ORIGIN))
        self.http = httpx.Client(transport=transport, base_url=ORIGIN, event_hooks={"response": [fail_on_bug]})
        client = {"client_id": "client-v", "orgnr": V, "scopes": ALL.split(), "jwks": {"keys": [public_jwk("key-v")]}}
        assert self.http.post("/control/clients", json=client).status_code == 201

    def grant(self) -> httpx.Response:
        now = int(time.time())
        claims = {
            "aud": f"{ORIGIN}/maskinporten/", "iss": "client-v", "scope": ALL, "iat": now, "exp": now + 100,
            "jti": str(uuid.uuid4()),
        }  # fmt: skip
        assertion = jwt.encode(claims, private_key("key-v"), algorithm="RS256", headers={"kid": "key-v"})
        return self.http.post("/maskinporten/token", data={"grant_type": GRANT, "assertion": assertion})

    def systems(self, token: str) -> int:
        path = "/platform/authentication/api/v1/systemregister/vendor"
        return self.http.get(path, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.fixture
def real() -> RealTime:
    return RealTime()


@pytest.mark.parametrize("seconds", [150, 180 * 86_400])
def test_moving_time_leaves_grants_and_tokens_valid(real: RealTime, seconds: int) -> None:
    before = real.grant().json()["access_token"]

    moved = real.http.post("/control/clock/advance", json={"seconds": seconds}).json()

    assert (moved["offset_seconds"], moved["tokens_follow"]) == (seconds, False)
    assert real.systems(before) == 200
    assert real.systems(real.grant().json()["access_token"]) == 200


def test_setting_the_clock_back_leaves_them_valid_too(real: RealTime) -> None:
    real.http.put("/control/clock", json={"now": "2026-01-01T00:00:00Z", "frozen": True})

    assert real.systems(real.grant().json()["access_token"]) == 200


def test_a_switch_lets_grants_follow_the_moved_clock(real: RealTime) -> None:
    real.http.put("/control/clock", json={"now": "2026-01-01T00:00:00Z", "tokens_follow": True})

    assert real.grant().json()["error"] == "invalid_grant"


def test_a_token_is_found_only_after_its_delay(ready: AltinnRig) -> None:
    ready.control("settings", {"token_delay_seconds": 60}, method="PATCH")
    ready.approved()

    early = ready.grant(authorization_details=rar())
    ready.app.clock.advance(60)

    assert (early.status_code, early.json()["error"]) == (400, "invalid_altinn_customer_configuration")
    assert early.json()["error_uri"].endswith("MP-303")
    assert ready.grant(authorization_details=rar()).status_code == 200


def test_rights_hold_only_after_their_delay(dialogs: DialogRig) -> None:
    dialogs.control("settings", {"rights_delay_seconds": 900, "rights_cache_seconds": 0}, method="PATCH")
    ident = dialogs.open()

    early = dialogs.search_ids()
    dialogs.pass_time(900)

    assert early == []
    assert dialogs.search_ids() == [ident]


def test_an_approved_change_has_effect_after_the_delay_and_the_old_rights_last_until_then(ready: AltinnRig) -> None:
    user = ready.app.state.system_users[ready.approved()]
    ready.control("settings", {"rights_delay_seconds": 900}, method="PATCH")
    ready.app.clock.advance(1000)
    query = {"correlation-id": str(uuid.uuid4()), "system-user-id": user.id}
    change = {"requiredRights": rights(FEES), "unwantedRights": rights(SHARES)}
    ready.control(f"change-requests/{ready.call('POST', CHANGE, change, params=query).json()['id']}/approve")

    at = ready.app.clock.now()
    early = resources_of(ready.app.state, user, now=at)
    ready.app.clock.advance(900)

    assert (SHARES in early, FEES in early) == (True, False)
    late = resources_of(ready.app.state, user, now=ready.app.clock.now())
    assert (SHARES in late, FEES in late) == (False, True)
    assert user.orgnr == K
