"""Maskinporten: grants, their refusals, and the self-service API. Numbered behaviours first, through HTTP."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from .altinn_rig import (
    ALL,
    NOW,
    ORIGIN,
    PLAYER,
    READ,
    WRITE,
    WRITE_SYSTEMS,
    K,
    Rig,
    V,
    owner,
    public_jwk,
    rar,
    ready,
    refusal,
    rig,
)

__all__ = ["ready", "rig"]
AT = int(NOW.timestamp())
GRANTED = ["altinn:authentication/systemuser.request.write"]


def test_behaviour_01_a_valid_grant_gives_a_token_of_the_vendor_that_verifies_against_jwk(rig: Rig) -> None:
    payload = rig.grant(scope=WRITE_SYSTEMS).json()

    published = rig.http.get("/maskinporten/jwk").json()["keys"][0]
    claims = jwt.decode(payload["access_token"], jwt.PyJWK(published).key, ["RS256"], options={"verify_exp": False})
    assert (payload["token_type"], payload["scope"]) == ("Bearer", WRITE_SYSTEMS)
    assert 0 < payload["expires_in"] <= 120
    assert claims["consumer"] == owner(V)
    assert (claims["iss"], claims["exp"] - claims["iat"]) == (f"{ORIGIN}/maskinporten/", 120)
    assert "authorization_details" not in claims


def test_behaviour_02_the_same_assertion_again_is_invalid_grant_mp012(rig: Rig) -> None:
    assertion = rig.assertion()

    first, second = rig.ask(assertion), rig.ask(assertion)

    assert first.status_code == 200
    assert refusal(second) == (400, "invalid_grant", "012")


def test_behaviour_02_another_grant_with_a_used_jti_is_invalid_grant_mp012(rig: Rig) -> None:
    first, second = rig.grant(jti="j"), rig.grant(jti="j", scope=WRITE)

    assert first.status_code == 200
    assert refusal(second) == (400, "invalid_grant", "012")


@pytest.mark.parametrize(
    ("iat", "exp", "code"),
    [(AT, AT + 121, "130"), (AT - 120, AT - 1, "130"), (AT + 30, AT + 60, ""), (AT - 12, AT + 60, "")],
    ids=["longer than 120 seconds", "expired", "issued in the future", "issued more than ten seconds ago"],
)
def test_behaviour_03_a_grant_outside_its_time_is_invalid_grant(rig: Rig, iat: int, exp: int, code: str) -> None:
    response = rig.grant(iat=iat, exp=exp)

    assert refusal(response) == (400, "invalid_grant", code)


@pytest.mark.parametrize("off", [-10, 10])
def test_behaviour_03_a_clock_ten_seconds_off_is_forgiven(rig: Rig, off: int) -> None:
    assert rig.grant(iat=AT + off, exp=AT + off + 120).status_code == 200


@pytest.mark.parametrize(
    "audience",
    [f"{ORIGIN}/maskinporten/token", f"{ORIGIN}/maskinporten", "https://maskinporten.no/", [f"{ORIGIN}/maskinporten/"]],
    ids=["token endpoint", "no slash", "other environment", "array"],
)
def test_behaviour_04_a_wrong_audience_is_mp110(rig: Rig, audience: Any) -> None:
    assert refusal(rig.grant(aud=audience)) == (400, "invalid_grant", "110")


def test_behaviour_04_an_unknown_kid_is_named_in_the_description(rig: Rig) -> None:
    response = rig.grant(header={"kid": "nobody"})

    assert refusal(response) == (400, "invalid_grant", "")
    assert "kid" in response.json()["error_description"]


def test_behaviour_04_an_expired_key_is_mp121(rig: Rig) -> None:
    rig.control("clients/client-v/keys/key-v/expire")

    assert refusal(rig.grant()) == (400, "invalid_grant", "121")


def test_behaviour_04_a_key_expires_by_itself_after_a_year(rig: Rig) -> None:
    rig.control("clock/advance", {"seconds": 365 * 86_400})

    assert refusal(rig.grant()) == (400, "invalid_grant", "121")


def test_behaviour_05_scope_not_on_client_is_invalid_scope_mp200(rig: Rig) -> None:
    response = rig.grant(scope=f"{WRITE} skatteetaten:a skatteetaten:b")

    assert refusal(response) == (400, "invalid_scope", "200")
    assert "skatteetaten:a skatteetaten:b (" in response.json()["error_description"]


def test_behaviour_05_scope_on_client_but_not_granted_is_forbidden_mp250(rig: Rig) -> None:
    rig.add_client("V", granted_scopes=GRANTED)

    assert rig.grant(scope=WRITE).status_code == 200
    assert refusal(rig.grant(scope=WRITE_SYSTEMS)) == (403, "forbidden", "250")


def test_behaviour_06_a_system_user_token_before_any_approval_is_mp303(ready: Rig) -> None:
    ready.requested()

    response = ready.grant(scope="skatteetaten:x", authorization_details=rar())

    assert refusal(response) == (400, "invalid_altinn_customer_configuration", "303")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"header": {"x5c": ["MII"]}}, (400, "invalid_request", "011")),
        ({"header": {"kid": None, "x5c": ["MII"]}}, (400, "invalid_grant", "120")),
        ({"header": {"kid": None, "x5c": "MII"}}, (400, "invalid_grant", "123")),
        ({"scope": None}, (400, "invalid_request", "011")),
        ({"iat": None}, (400, "invalid_request", "011")),
        ({"exp": float("nan")}, (400, "invalid_request", "011")),
        ({"unknown": 1}, (400, "invalid_request", "011")),
        ({"resource": "x"}, (400, "invalid_request", "011")),
        ({"iss": "nobody"}, (400, "invalid_grant", "100")),
        ({"alg": "PS256"}, (400, "invalid_grant", "124")),
        ({"consumer_org": V}, (400, "invalid_request", "")),
        ({"consumer_org": K}, (403, "forbidden", "251")),
        ({"authorization_details": [{"type": "x"}]}, (400, "invalid_authorization_details", "301")),
        ({"authorization_details": rar(more=1)}, (400, "invalid_authorization_details", "302")),
        ({"authorization_details": rar() * 2}, (400, "invalid_authorization_details", "302")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_maskinporten_refuses_what_is_not_a_proper_grant(
    rig: Rig, claims: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert refusal(rig.grant(**claims)) == expected


def test_a_signature_by_another_key_under_the_right_kid_is_mp124(rig: Rig) -> None:
    other = rig.assertion(by="W", iss="client-v", header={"kid": "key-v"})

    assert refusal(rig.ask(other)) == (400, "invalid_grant", "124")


def test_a_grant_without_kid_is_refused_since_the_client_has_keys(rig: Rig) -> None:
    response = rig.grant(header={"kid": None})

    assert refusal(response)[:2] == (400, "invalid_grant")
    assert "kid" in response.json()["error_description"]


@pytest.mark.parametrize("alg", ["RS384", "RS512"])
def test_the_longer_hashes_are_taken_and_sub_is_tolerated(rig: Rig, alg: str) -> None:
    assert rig.grant(alg=alg, sub=PLAYER["V"][1]).status_code == 200


def test_a_wanted_resource_becomes_the_audience(rig: Rig) -> None:
    payload = rig.grant(resource=["https://api.example.no"]).json()

    claims = jwt.decode(payload["access_token"], options={"verify_signature": False})
    assert claims["aud"] == ["https://api.example.no"]


def test_the_token_endpoint_takes_a_form_and_nothing_else(rig: Rig) -> None:
    body = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": rig.assertion()}

    assert refusal(rig.http.post("/maskinporten/token", json=body)) == (400, "invalid_request", "011")


def test_the_metadata_names_the_issuer_its_endpoints_and_algorithms(rig: Rig) -> None:
    payload = rig.http.get("/maskinporten/.well-known/oauth-authorization-server").json()

    assert payload["issuer"] == f"{ORIGIN}/maskinporten/"
    assert (payload["token_endpoint"], payload["jwks_uri"]) == (f"{payload['issuer']}token", f"{payload['issuer']}jwk")
    assert payload["token_endpoint_auth_signing_alg_values_supported"] == ["RS256", "RS384", "RS512"]


class TestSelfService:
    """Maskinporten's own interface for clients and keys."""

    BASE = "/maskinporten/admin/clients"

    @pytest.fixture
    def admin(self, rig: Rig) -> Rig:
        rig.add_client("V", scopes=[*ALL.split(), "idporten:dcr.read", "idporten:dcr.write"])
        return rig

    def call(self, rig: Rig, method: str, path: str = "", body: Any = None, **more: Any) -> Any:
        return rig.call(method, self.BASE + path, body, scope=more.pop("scope", "idporten:dcr.write"), **more)

    def test_a_made_client_signs_with_its_posted_key(self, admin: Rig) -> None:
        made = self.call(admin, "POST", body={"client_name": "Ny", "scopes": [READ]})
        path = f"/{made.json()['client_id']}"
        keys = self.call(admin, "POST", f"{path}/jwks", {"keys": [public_jwk("key-v", kid="k2")]})

        response = admin.grant(iss=made.json()["client_id"], scope=READ, header={"kid": "k2"})

        assert (made.status_code, made.json()["client_orgno"], keys.status_code) == (201, V, 201)
        assert response.status_code == 200

    def test_rotation_posts_both_keys_and_then_the_new_one_alone(self, admin: Rig) -> None:
        both = {"keys": [public_jwk("key-v"), public_jwk("key-w", kid="new")]}
        self.call(admin, "POST", "/client-v/jwks", both)
        with_old = admin.grant(scope=WRITE)
        other = admin.assertion(by="W", iss="client-v", scope=WRITE, header={"kid": "new"})
        with_new = admin.ask(other)
        self.call(admin, "POST", "/client-v/jwks", {"keys": both["keys"][1:]})

        after = admin.grant(scope=WRITE)

        assert (with_old.status_code, with_new.status_code, after.status_code) == (200, 200, 400)

    @pytest.mark.parametrize(
        "keys",
        [
            [public_jwk("key-v", kid=f"k{number}") for number in range(6)],
            [public_jwk("key-v", kid="a b")],
            [public_jwk("key-v", d="x")],
            [public_jwk("key-v", n="AQAB")],
            [public_jwk("key-v", n="!")],
            [public_jwk("key-v"), public_jwk("key-v")],
            [{"kty": "EC"}],
            "none",
        ],
        ids=["six", "blank in kid", "private", "short", "no number", "same kid", "no RSA", "no list"],
    )
    def test_unfit_keys_are_refused_and_the_old_ones_stay(self, admin: Rig, keys: Any) -> None:
        response = self.call(admin, "POST", "/client-v/jwks", {"keys": keys})

        assert response.status_code == 400
        assert response.json()["field"] == "keys"
        assert admin.grant(scope=WRITE).status_code == 200

    def test_it_opens_only_to_a_token_with_the_scope_and_ones_own_clients(self, admin: Rig) -> None:
        without = admin.http.get(self.BASE)
        lacking = self.call(admin, "GET", scope=WRITE)
        listed = self.call(admin, "GET", scope="idporten:dcr.read").json()
        foreign = self.call(admin, "GET", "/client-w")
        reading = self.call(admin, "DELETE", "/client-v", scope="idporten:dcr.read")

        assert (without.status_code, lacking.status_code, reading.status_code) == (401, 403, 403)
        assert [client["client_id"] for client in listed] == ["client-v"]
        assert foreign.status_code == 404

    def test_a_new_key_works_after_its_delay_and_the_old_one_all_the_time(self, admin: Rig) -> None:
        admin.control("settings", {"key_delay_seconds": 120}, method="PATCH")
        both = {"keys": [public_jwk("key-v"), public_jwk("key-w", kid="new")]}
        self.call(admin, "PUT", "/client-v/jwks", both)

        def with_new() -> int:
            signed = admin.assertion(by="W", iss="client-v", scope=WRITE, header={"kid": "new"})
            return int(admin.ask(signed).status_code)

        early = (with_new(), admin.grant(scope=WRITE).status_code)
        admin.app.clock.advance(120)
        self.call(admin, "PUT", "/client-v/jwks", both)

        assert early == (400, 200)
        assert (with_new(), admin.grant(scope=WRITE).status_code) == (200, 200)

    def test_no_client_is_made_while_the_terms_are_unsigned(self, admin: Rig) -> None:
        admin.control("settings", {"terms_unsigned": True}, method="PATCH")
        before = len(admin.app.state.clients)

        refused = self.call(admin, "POST", body={"client_name": "Ny", "scopes": [READ]})
        listed = self.call(admin, "GET", scope="idporten:dcr.read")

        assert (refused.status_code, refused.json()["error"]) == (428, "PRECONDITION_REQUIRED")
        assert "servicedesk@digdir.no" in refused.json()["error_description"]
        assert (listed.status_code, len(admin.app.state.clients)) == (200, before)

    def test_a_deactivated_client_gets_no_token(self, admin: Rig) -> None:
        self.call(admin, "DELETE", "/client-v")

        assert refusal(admin.grant()) == (400, "invalid_grant", "100")

    def test_the_list_of_scopes_is_open_and_tells_their_greatest_age(self, rig: Rig) -> None:
        result = rig.http.get("/maskinporten/admin/scopes/all").json()

        assert {"name": READ, "at_max_age": 3600, "visibility": "PUBLIC"} in result
