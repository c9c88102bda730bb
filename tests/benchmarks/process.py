"""The sandbox in a process of its own, so that only our own work is counted."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass
class Remote:
    """A sandbox in a process of its own."""

    origin: str

    def control(self, method: str, path: str, body: object = None) -> Any:
        """The answer, None without one."""
        reply = httpx.request(method, f"{self.origin}/control/{path}", json=body, timeout=60).raise_for_status()
        return reply.json() if reply.content else None


class BareTokens:
    """Tokens for system users as a bare loop gets them: a signed grant and a call, nothing kept.

    `key`: kid, PEM and JWK of the client's key.
    """

    def __init__(self, client_id: str, key: tuple[str, bytes, Any], origin: str) -> None:
        self.client_id, self.origin, (self.kid, pem, _jwk) = client_id, origin, key
        private = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(private, rsa.RSAPrivateKey)
        self.private = private

    def fetch(self, client: httpx.Client, orgnr: str, scope: str) -> str:
        """For the system user of the organisation whose external reference is its number."""
        now, owner = int(time.time()), {"authority": "iso6523-actorid-upis", "ID": f"0192:{orgnr}"}
        claims = {
            "aud": f"{self.origin}/maskinporten/", "iss": self.client_id, "scope": scope, "iat": now, "exp": now + 100,
            "jti": str(uuid.uuid4()),
            "authorization_details": [
                {"type": "urn:altinn:systemuser", "systemuser_org": owner, "externalRef": orgnr}
            ],
        }  # fmt: skip
        grant = jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.kid})
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": grant}
        reply = client.post(f"{self.origin}/maskinporten/token", data=form).raise_for_status()
        return str(reply.json()["access_token"])


@pytest.fixture
def remote(settings: object) -> Iterator[Remote]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    origin = settings.SANDBOX_URL = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined]
    program = [sys.executable, "-m", "portal.sandbox", "--port", str(port), "--loopback-http"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert origin in process.stdout.readline()
        yield Remote(origin)
        process.terminate()
