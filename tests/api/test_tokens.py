"""Who gets a token, and what a token is worth."""

from __future__ import annotations

import base64
import time
import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

from accounts.models import Integration, IntegrationProof, User, Vendor
from accounts.services.integrations import keeping, proofs
from accounts.services.integrations.public_keys import BadPublicKey, parse_public_key
from portal.api.resources.token import MOST_NOTED
from portal.core.audit import AuditEvent
from tests.api.erp import Erp, make_integration

BY = "user:ida@vendor.example"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def wrong(integration: Integration) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": integration.client_id, "client_secret": "sbp_wrong"}


class TestSecrets:
    def test_a_secret_gives_a_token_with_all_scopes_or_those_asked_for(self, erp: Erp) -> None:
        everything, some = erp.ask_token(), erp.ask_token(scope="customers:read")

        assert everything.status_code == 200
        assert set(everything.json()["scope"].split()) == set(erp.integration.scopes)
        assert (some.json()["scope"], some.json()["expires_in"]) == ("customers:read", 900)
        assert everything["Cache-Control"] == "no-store"

    def test_the_secret_is_stored_as_a_hash_and_stands_in_no_event(self, erp: Erp) -> None:
        proof = erp.integration.proofs.get()
        trail = " ".join(str(row.detail) for row in AuditEvent.objects.all())

        assert erp.secret not in f"{proof.secret_hash} {proof.hint} {trail}"
        assert proof.hint in trail

    def test_basic_authentication_is_taken(self, erp: Erp) -> None:
        pair = base64.b64encode(f"{erp.integration.client_id}:{erp.secret}".encode()).decode()

        reply = erp.client.post(
            "/api/v1/token", {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {pair}"}
        )

        assert reply.status_code == 200

    @pytest.mark.parametrize(
        ("form", "status", "error"),
        [
            ({"client_secret": "sbp_wrong"}, 401, "invalid_client"), ({"client_id": "nobody"}, 401, "invalid_client"),
            ({"client_id": "\0"}, 401, "invalid_client"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"), ({"scope": "customers:read x:y"}, 400, "invalid_scope"),
        ],
    )  # fmt: skip
    def test_a_refusal_has_the_form_that_oauth_clients_know(
        self, erp: Erp, form: dict[str, str], status: int, error: str
    ) -> None:
        reply = erp.ask_token(**form)

        assert (reply.status_code, reply.json()["error"]) == (status, error)

    def test_a_refusal_to_one_that_exists_stands_in_the_trail_and_not_without_end(self, erp: Erp) -> None:
        erp.ask_token(client_id="nobody")
        for _ in range(MOST_NOTED + 3):
            erp.ask_token(client_secret="sbp_wrong")

        noted = AuditEvent.objects.filter(what="token-refused")
        assert set(noted.values_list("by", "target", "detail__ip")) == {
            ("visitor", f"accounts.Integration:{erp.integration.pk}", "127.0.0.1")
        }
        assert noted.count() <= 2 * MOST_NOTED

    def test_junk_and_the_noise_about_one_hide_no_refusal_of_another(self, erp: Erp, administrator: User) -> None:
        other = make_integration(administrator, "lonn")
        for n in range(MOST_NOTED + 3):
            erp.ask_token(client_id=f"erp-{n:016x}")
        for _ in range(MOST_NOTED + 3):
            erp.client.post("/api/v1/token", wrong(erp.integration), REMOTE_ADDR="192.0.2.1")

        erp.client.post("/api/v1/token", wrong(erp.integration), REMOTE_ADDR="192.0.2.2")
        erp.client.post("/api/v1/token", wrong(other), REMOTE_ADDR="192.0.2.3")

        noted = AuditEvent.objects.filter(what="token-refused").values_list("target", "detail__ip")
        assert (f"accounts.Integration:{erp.integration.pk}", "192.0.2.2") in noted
        assert (f"accounts.Integration:{other.pk}", "192.0.2.3") in noted
        assert noted.count() <= 2 * MOST_NOTED + 2

    def test_what_an_oauth_client_says_beside_is_ignored(self, erp: Erp) -> None:
        assert erp.ask_token(resource="https://portal.example").status_code == 200

    @pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json"])
    def test_a_large_body_is_refused_before_it_is_read(self, erp: Erp, kind: str) -> None:
        """Anybody may send one: nobody is known yet."""
        reply = erp.client.generic("POST", "/api/v1/token", "scope=" + "x" * 64_000, kind)

        assert (reply.status_code, reply["Content-Type"], reply.json()["code"]) == (
            413, "application/problem+json", "BODY_TOO_LARGE"
        )  # fmt: skip

    def test_while_one_secret_takes_over_from_another_both_work(self, erp: Erp) -> None:
        new = proofs.make_secret(integration=erp.integration, old_for=timedelta(days=7), by=BY, at=timezone.now())

        both = erp.ask_token().status_code, erp.ask_token(client_secret=new.text).status_code
        later = timezone.now() + timedelta(days=8)

        assert both == (200, 200)
        assert [proof.hint for proof in erp.integration.proofs.valid(later)] == [new.proof.hint]

    def test_a_token_is_worth_nothing_when_its_secret_ends_or_the_integration_is_stopped(self, erp: Erp) -> None:
        before = erp.get("/customers").status_code
        keeping.stop(integration=erp.integration, by=BY, at=timezone.now())
        stopped = erp.get("/customers").status_code, erp.ask_token().status_code
        keeping.start(integration=erp.integration, by=BY, at=timezone.now())
        again = erp.get("/customers").status_code
        proofs.end_proof(proof=erp.integration.proofs.get(), by=BY, at=timezone.now())

        assert (before, stopped, again, erp.get("/customers").status_code) == (200, (401, 401), 200, 401)

    def test_a_token_is_good_for_a_quarter_of_an_hour(self, erp: Erp, monkeypatch: pytest.MonkeyPatch) -> None:
        later = time.time() + 16 * 60
        monkeypatch.setattr(time, "time", lambda: later)

        assert erp.get("/customers").status_code == 401

    def test_one_secret_too_many_is_refused(self, erp: Erp) -> None:
        def make() -> Any:
            return proofs.make_secret(integration=erp.integration, old_for=None, by=BY, at=timezone.now())

        for _ in range(proofs.MOST - 1):
            make()

        with pytest.raises(proofs.TooMany):
            make()


class TestKeys:
    @pytest.fixture
    def private(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @pytest.fixture
    def keyed(self, administrator: User, vendor: Vendor, private: ec.EllipticCurvePrivateKey) -> Integration:
        row = make_integration(administrator)
        pem = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        proofs.add_key(integration=row, key=parse_public_key(pem.decode()), by=BY, at=timezone.now())
        return row

    def assertion(self, row: Integration, private: Any, **claims: Any) -> dict[str, str]:
        now = int(time.time())
        said = {
            "iss": row.client_id, "sub": row.client_id, "aud": f"{settings.PORTAL_URL}/api/v1/token", "exp": now + 60,
            "jti": str(uuid.uuid4()), **claims,
        }  # fmt: skip
        signed = jwt.encode({name: value for name, value in said.items() if value is not None}, private, "ES256")
        return {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": signed}

    def test_an_assertion_gives_a_token_once(self, client: Any, keyed: Integration, private: Any) -> None:
        form = self.assertion(keyed, private)

        replies = [client.post("/api/v1/token", form).status_code for _ in range(2)]

        assert replies == [200, 401]

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "https://other.example/token"}, {"iss": "other"}, {"sub": "other"}, {"exp": int(time.time()) - 60},
            {"exp": int(time.time()) + 3600}, {"jti": None}, {"exp": None}, {"sub": None},
        ],
    )  # fmt: skip
    def test_an_assertion_that_is_not_right_gives_none(
        self, client: Any, keyed: Integration, private: Any, claims: dict[str, Any]
    ) -> None:
        assert client.post("/api/v1/token", self.assertion(keyed, private, **claims)).status_code == 401

    def test_the_key_of_somebody_else_gives_none(self, client: Any, keyed: Integration) -> None:
        other = ec.generate_private_key(ec.SECP256R1())

        assert client.post("/api/v1/token", self.assertion(keyed, other)).status_code == 401

    def test_an_assertion_without_a_signature_gives_none(self, client: Any, keyed: Integration, private: Any) -> None:
        form = self.assertion(keyed, private)
        claims = jwt.decode(form["client_assertion"], options={"verify_signature": False})

        form["client_assertion"] = jwt.encode(claims, None, algorithm="none")

        assert client.post("/api/v1/token", form).status_code == 401

    def test_a_private_key_is_refused_and_not_quoted(self, private: ec.EllipticCurvePrivateKey) -> None:
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

        with pytest.raises(BadPublicKey) as refused:
            parse_public_key(pem)

        assert pem.splitlines()[1] not in str(refused.value)

    @pytest.mark.parametrize("text", ["", "{}", "[]", "{", '{"kty": "oct", "k": "YQ"}', '{"keys": []}', "x" * 20_000])
    def test_what_is_no_public_key_is_refused(self, text: str) -> None:
        with pytest.raises(BadPublicKey):
            parse_public_key(text)

    def test_a_proof_is_a_secret_or_a_key(self, keyed: Integration) -> None:
        assert IntegrationProof.objects.get().kind == IntegrationProof.Kind.KEY


class TestCalls:
    def test_without_a_token_or_with_a_wrong_one_there_is_no_answer(self, erp: Erp) -> None:
        replies = [
            erp.client.get("/api/v1/customers"), erp.client.get("/api/v1/customers", headers={"Authorization": "Bearer x"})
        ]  # fmt: skip

        assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(401, "NO_TOKEN")] * 2
        assert all("Bearer" in reply["WWW-Authenticate"] for reply in replies)

    def test_a_scope_that_the_token_lacks_is_named(self, erp: Erp) -> None:
        erp.token = erp.ask_token(scope="accesses:read").json()["access_token"]

        reply = erp.get("/customers")

        assert (reply.status_code, reply.json()["code"]) == (403, "SCOPE_MISSING")
        assert 'scope="customers:read"' in reply["WWW-Authenticate"]
        assert reply.json()["scope"] == "customers:read"
        assert reply.json()["detail"] == "Tokenet er hentet uten customers:read. Hent et nytt som har det."

    def test_who_lacks_the_scope_is_told(self, erp: Erp, reader: User) -> None:
        unable = erp.put("/customers/310987654", {"name": "A"}, **{"On-Behalf-Of": reader.email}).json()
        Integration.objects.filter(pk=erp.integration.pk).update(scopes=["accesses:read"])
        not_given = erp.get("/customers").json()

        assert (unable["scope"], not_given["scope"]) == ("customers:write", "customers:read")
        assert unable["detail"].startswith("Den ansatte har ingen rolle")
        assert not_given["detail"].startswith("Integrasjonen har ikke customers:read.")

    def test_a_scope_that_was_taken_away_is_gone_at_once(self, erp: Erp) -> None:
        Integration.objects.filter(pk=erp.integration.pk).update(scopes=["accesses:read"])

        assert erp.get("/customers").status_code == 403

    def test_an_address_that_is_not_allowed_is_refused(self, administrator: User, vendor: Vendor) -> None:
        erp = Erp(make_integration(administrator, networks=["127.0.0.0/8"]))
        here = erp.get("/customers").status_code
        Integration.objects.filter(pk=erp.integration.pk).update(networks=["192.0.2.0/24", "2001:db8::/32"])

        reply = erp.get("/customers")

        assert (here, reply.status_code, reply.json()["code"]) == (200, 403, "NOT_FROM_HERE")
        assert erp.ask_token().status_code == 401

    def test_the_rate_is_told_and_kept(self, administrator: User, vendor: Vendor) -> None:
        erp = Erp(make_integration(administrator, calls_a_minute=2))

        replies = [erp.get("/customers") for _ in range(4)]
        limited = [reply for reply in replies if reply.status_code == 429]

        assert replies[0]["RateLimit-Limit"] == "2"
        assert limited  # a minute may have ended between them
        assert limited[0].json()["code"] == "TOO_MANY_CALLS"
        assert 0 < int(limited[0]["Retry-After"]) <= 60

    def test_use_is_noted(self, erp: Erp) -> None:
        erp.get("/customers")

        erp.integration.refresh_from_db()
        assert erp.integration.last_used_at is not None
        assert erp.integration.proofs.get().last_used_at is not None
