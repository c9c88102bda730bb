"""A vendor's whole process in the sandbox with HTTP alone: from a client at Maskinporten to a feedback."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest

from portal.sandbox.clock import Clock
from portal.sandbox.testing import Transport, private_key, shared_key_app

from .tax_rig import CUSTOMER, FEES, FEES_SCOPE, VENDOR, fees

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ORIGIN = "http://sandbox.test"
AUTH = "/platform/authentication/api/v1"
RESOURCE = "ske-innrapportering-fagforeningskontingent"
SYSTEM = f"{VENDOR}_system"
SETUP_SCOPES = "altinn:authentication/systemregister.write altinn:authentication/systemuser.request.write"


class Vendor:
    """A program that uses the sandbox only through its address."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        sandbox = shared_key_app(origin=ORIGIN, clock=clock or Clock(frozen_at=NOW))
        self.clock = sandbox.clock
        self.http = httpx.Client(transport=Transport(sandbox), base_url=ORIGIN)
        self.key = private_key("journey")

    def call(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {token}", "Accept": "application/json", **headers} if token else headers
        response = self.http.request(method, path, json=body, headers=sent)
        assert response.status_code < 300, response.text
        return response

    def set_up(self) -> None:
        """The vendor's client, and a customer with a daily manager."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        jwk = {**public, "kid": "k1", "use": "sig", "alg": "RS256"}
        scopes = [*SETUP_SCOPES.split(), FEES_SCOPE, "digdir:dialogporten"]
        client = {"client_id": "c1", "orgnr": VENDOR, "scopes": scopes, "jwks": {"keys": [jwk]}}
        self.call("POST", "/control/clients", client)
        person = {"name": "Kari Nordmann", "roles": ["DAGL"]}
        self.call("POST", "/control/organisations", {"orgnr": CUSTOMER, "name": "Rask Tiger AS", "persons": [person]})

    def token(self, scope: str, *, for_customer: bool = False) -> str:
        now = int(self.now().timestamp())
        claims: dict[str, Any] = {
            "aud": f"{ORIGIN}/maskinporten/",
            "iss": "c1",
            "scope": scope,
            "iat": now,
            "exp": now + 100,
        }
        claims["jti"] = str(uuid.uuid4())
        if for_customer:
            owner = {"authority": "iso6523-actorid-upis", "ID": f"0192:{CUSTOMER}"}
            claims["authorization_details"] = [{"type": "urn:altinn:systemuser", "systemuser_org": owner}]
        assertion = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "k1"})
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        response = self.http.post("/maskinporten/token", data=grant)
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def now(self) -> datetime:
        return self.clock.token_time()

    def get_access(self) -> None:
        """Register the system, ask for a system user, and have the daily manager approve."""
        token = self.token(SETUP_SCOPES)
        right = {"resource": [{"id": "urn:altinn:resource", "value": RESOURCE}]}
        texts = {"nb": "Systemet", "nn": "Systemet", "en": "The system"}
        system = {
            "id": SYSTEM, "vendor": {"authority": "iso6523-actorid-upis", "ID": f"0192:{VENDOR}"},
            "name": texts, "description": texts, "rights": [right], "clientId": ["c1"], "allowedRedirectUrls": [],
        }  # fmt: skip
        self.call("POST", f"{AUTH}/systemregister/vendor", system, token=token)
        wanted = {"systemId": SYSTEM, "partyOrgNo": CUSTOMER, "rights": [right]}
        request = self.call("POST", f"{AUTH}/systemuser/request/vendor", wanted, token=token).json()
        self.call("POST", f"/control/requests/{request['id']}/approve", {"person": "Kari Nordmann"})

    def report(self) -> dict[str, Any]:
        headers = {"idempotencyKey": str(uuid.uuid4()), "Content-Type": "application/json"}
        token = self.token(FEES_SCOPE, for_customer=True)
        receipt: dict[str, Any] = self.call("POST", f"{FEES}/2025", fees(), token=token, **headers).json()
        return receipt


@pytest.fixture
def vendor() -> Vendor:
    made = Vendor()
    made.set_up()
    made.get_access()
    return made


def test_a_vendor_gets_access_reports_and_is_answered(vendor: Vendor) -> None:
    receipt = vendor.report()

    vendor.call("POST", "/control/clock/advance", {"seconds": 150})

    result = vendor.http.get("/control/submissions").json()[0]
    assert result["id"] == receipt["forsendelseId"]
    assert result["feedback"]["verdict"] == "accepted"


def test_time_that_was_moved_before_and_in_between_stops_no_step() -> None:
    """The vendor's program signs by real time throughout."""
    vendor = Vendor(clock=Clock())
    vendor.call("POST", "/control/clock/advance", {"seconds": 150})
    vendor.set_up()
    vendor.get_access()
    vendor.call("POST", "/control/clock/advance", {"seconds": 86_400})
    receipt = vendor.report()

    vendor.call("POST", "/control/clock/advance", {"seconds": 150})

    result = vendor.http.get("/control/submissions").json()[0]
    assert (result["id"], result["feedback"]["verdict"]) == (receipt["forsendelseId"], "accepted")
    party = f"urn:altinn:organization:identifier-no:{CUSTOMER}"
    token = vendor.token("digdir:dialogporten", for_customer=True)
    found = vendor.call("GET", f"/platform/dialogporten/api/v1/enduser/dialogs?party={party}", token=token).json()
    assert [item["id"] for item in found["items"]] == [receipt["dialogId"]]


def test_a_customer_that_removes_the_system_user_ends_the_reporting(vendor: Vendor) -> None:
    token = vendor.token(FEES_SCOPE, for_customer=True)
    user = jwt.decode(token, options={"verify_signature": False})["authorization_details"][0]["systemuser_id"][0]

    vendor.call("DELETE", f"/control/system-users/{user}")

    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "idempotencyKey": str(uuid.uuid4())}
    answer = vendor.http.post(f"{FEES}/2025", json=fees(), headers=headers)
    assert (answer.status_code, answer.json()["kode"]) == (403, "GLD_005")


def test_the_page_plays_the_customer(vendor: Vendor) -> None:
    """A person approves the next request with the forms of the page alone."""
    token = vendor.token(SETUP_SCOPES)
    right = {"resource": [{"id": "urn:altinn:resource", "value": RESOURCE}]}
    wanted = {"systemId": SYSTEM, "partyOrgNo": CUSTOMER, "externalRef": "to", "rights": [right]}
    request = vendor.call("POST", f"{AUTH}/systemuser/request/vendor", wanted, token=token).json()
    form = {
        "call": f"POST /control/requests/{request['id']}/approve",
        "text:person": "Kari Nordmann",
        "back": "requests",
    }

    page = vendor.http.get("/control").text
    answer = vendor.http.post("/control/play", data=form)

    assert form["call"] in page
    assert "failed=0" in answer.headers["Location"]
    assert form["call"] not in vendor.http.get("/control").text
