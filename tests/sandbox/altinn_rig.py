"""The rig for tests of the imitated Maskinporten and Altinn: two vendors with keys, a customer, and short calls."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest

from portal.sandbox import Sandbox
from portal.sandbox.clock import Clock
from portal.sandbox.testing import private_key, shared_key_app

from .tax_rig import fail_on_bug

V = "991825827"
W = "213456784"
K = "310629499"
ACCOUNTANT = "311111116"
S = f"{V}_testsystem"
P = "/platform/authentication/api/v1"
REGISTER = f"{P}/systemregister/vendor"
REQUEST = f"{P}/systemuser/request/vendor"
CHANGE = f"{P}/systemuser/changerequest/vendor"
USERS = f"{P}/systemuser/vendor"
ORIGIN = "http://sandbox.test"
RETURN = "https://portal.example.no/altinn/retur"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WRITE_SYSTEMS = "altinn:authentication/systemregister.write"
WRITE = "altinn:authentication/systemuser.request.write"
READ = "altinn:authentication/systemuser.request.read"
ALL = f"{WRITE_SYSTEMS} {WRITE} {READ}"
SCOPES = [*ALL.split(), "skatteetaten:x", "altinn:accessmanagement/authorizedparties", "altinn:clientdelegations.write"]
SHARES = "ske-innrapportering-aksjonaerregisteroppgave"
FEES = "ske-innrapportering-fagforeningskontingent"
TAX = "urn:altinn:accesspackage:skattegrunnlag"
AGENT = "urn:altinn:accesspackage:regnskapsforer-lonn"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PLAYER = {"V": (V, "client-v", "key-v"), "W": (W, "client-w", "key-w")}


def public_jwk(name: str, **changes: Any) -> dict[str, Any]:
    public: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name).public_key()))
    return {**public, "kid": name, "use": "sig", "alg": "RS256", **changes}


def right(resource: str) -> dict[str, Any]:
    return {"resource": [{"id": "urn:altinn:resource", "value": resource}]}


def rights(*resources: str) -> list[dict[str, Any]]:
    return [right(resource) for resource in resources]


def packages(*urns: str) -> list[dict[str, str]]:
    return [{"urn": urn} for urn in urns]


def owner(orgnr: str) -> dict[str, str]:
    return {"authority": "iso6523-actorid-upis", "ID": f"0192:{orgnr}"}


def rar(orgnr: str = K, **more: Any) -> list[dict[str, Any]]:
    return [{"type": "urn:altinn:systemuser", "systemuser_org": owner(orgnr), **more}]


def system(**changes: Any) -> dict[str, Any]:
    """A system that may ask for two services and two packages, one of them for agents only."""
    texts = {"nb": "Testsystem", "nn": "Testsystem", "en": "Test system"}
    standard = {
        "id": S, "vendor": owner(V), "name": texts, "description": texts, "rights": rights(SHARES, FEES),
        "accessPackages": packages(TAX, AGENT), "clientId": ["client-v"], "isVisible": False,
        "allowedRedirectUrls": [RETURN],
    }  # fmt: skip
    return {**standard, **changes}


def wanted(**changes: Any) -> dict[str, Any]:
    """A request for one service; a change to None removes the member."""
    standard = {"systemId": S, "partyOrgNo": K, "rights": rights(SHARES), "accessPackages": []}
    return {name: value for name, value in {**standard, **changes}.items() if value is not None}


def codes(response: httpx.Response) -> list[str]:
    """The validation codes of an answer, without their common prefix."""
    return [error["code"].removeprefix("AUTH.VLD-") for error in response.json()["validationErrors"]]


def code(response: httpx.Response) -> tuple[int, str]:
    """Altinn's (status, AUTH code) of a refusal, whose body must be a problem."""
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (body["type"], body["status"]) == (f"urn:altinn:error:{body['code']}", response.status_code)
    return response.status_code, body["code"]


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """Maskinporten's (status, error, MP code or "" when there is none)."""
    body = response.json()
    assert re.search(r" \(trace_id: [0-9a-f]{32}\)$", body["error_description"])
    return (
        response.status_code,
        body["error"],
        body.get("error_uri", "").removeprefix(f"{ORIGIN}/maskinporten/errors/MP-"),
    )


class Rig:
    """A frozen sandbox, two vendors' clients, a customer and an accountant."""

    def __init__(self) -> None:
        self.app: Sandbox = shared_key_app(clock=Clock(frozen_at=NOW), origin=ORIGIN)
        transport = httpx.WSGITransport(app=self.app)
        self.http = httpx.Client(transport=transport, base_url=ORIGIN, event_hooks={"response": [fail_on_bug]})
        for name in PLAYER:
            self.add_client(name)
        for orgnr, name in ((V, "Vendor AS"), (K, "Rask Tiger AS"), (ACCOUNTANT, "Trofast Regnskap AS")):
            self.add_organisation(orgnr, name)

    def control(self, path: str, body: Any = None, *, method: str = "POST", status: int | None = None) -> Any:
        response = self.http.request(method, f"/control/{path}", json=body if body is not None else {})
        assert response.status_code == status if status else response.is_success, response.text
        return response.json() if response.content else None

    def add_client(self, name: str, **changes: Any) -> None:
        orgnr, client_id, kid = PLAYER[name]
        body = {"client_id": client_id, "orgnr": orgnr, "scopes": SCOPES, "jwks": {"keys": [public_jwk(kid)]}}
        self.control("clients", {**body, **changes})

    def add_organisation(self, orgnr: str, name: str, **fields: Any) -> dict[str, Any]:
        known: dict[str, Any] = self.control("organisations", {"orgnr": orgnr, "name": name, **fields})
        return known

    def assertion(
        self, *, by: str = "V", alg: str = "RS256", header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A signed grant; claims given as None are left out."""
        _, client_id, kid = PLAYER[by]
        now = int(self.app.clock.now().timestamp())
        standard = {
            "aud": f"{ORIGIN}/maskinporten/", "iss": client_id, "scope": WRITE_SYSTEMS, "iat": now, "exp": now + 119,
            "jti": str(uuid.uuid4()),
        }  # fmt: skip
        payload = {name: value for name, value in {**standard, **claims}.items() if value is not None}
        named = {name: value for name, value in {"kid": kid, **(header or {})}.items() if value is not None}
        return jwt.encode(payload, private_key(kid), algorithm=alg, headers=named)

    def ask(self, assertion: str) -> httpx.Response:
        return self.http.post("/maskinporten/token", data={"grant_type": GRANT, "assertion": assertion})

    def grant(self, **claims: Any) -> httpx.Response:
        return self.ask(self.assertion(**claims))

    def token(self, scope: str = ALL, **claims: Any) -> str:
        response = self.grant(scope=scope, **claims)
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def call(
        self, method: str, path: str, body: Any = None, *, scope: str = ALL, by: str = "V", **more: Any
    ) -> httpx.Response:
        """As a vendor, with a fresh token."""
        headers = {"Authorization": f"Bearer {self.token(scope, by=by)}"}
        return self.http.request(method, path, json=body, headers=headers, **more)

    def register(self, **changes: Any) -> None:
        response = self.call("POST", REGISTER, system(**changes))
        assert response.status_code == 200, response.text

    def request(self, *, kind: str = "", **changes: Any) -> httpx.Response:
        """A request for K's consent; `kind` is "" or "/agent"."""
        return self.call("POST", REQUEST + kind, wanted(**changes))

    def requested(self, **changes: Any) -> str:
        response = self.request(**changes)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def approved(self, **changes: Any) -> str:
        """The id of a new system user."""
        ident = self.requested(**changes)
        self.control(f"requests/{ident}/approve")
        return ident

    def agent(self, **changes: Any) -> str:
        """The id of a new agent system user of the accountant's."""
        query = {"partyOrgNo": ACCOUNTANT, "rights": None, "accessPackages": packages(AGENT)}
        return self.approved(kind="/agent", **{**query, **changes})

    def exchange(self, token: str, **more: Any) -> httpx.Response:
        return self.http.get(f"{P}/exchange/maskinporten", headers={"Authorization": f"Bearer {token}"}, **more)

    def status(self, ident: str) -> str:
        return str(self.call("GET", f"{REQUEST}/{ident}").json()["status"])

    def decide(self, ident: str, act: str, person: str, *, page: str = "request", **more: str) -> httpx.Response:
        """Press a button on the approval page."""
        form = {"id": ident, "person": person, "act": act, **more}
        return self.http.post(f"/am-ui/accessmanagement/ui/systemuser/{page}", data=form)

    def page(self, ident: str, *, page: str = "request", **more: str) -> httpx.Response:
        return self.http.get(f"/am-ui/accessmanagement/ui/systemuser/{page}", params={"id": ident, **more})


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def ready(rig: Rig) -> Rig:
    """With the system registered."""
    rig.register()
    return rig
