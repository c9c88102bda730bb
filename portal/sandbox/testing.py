"""Helpers for tests that put the sandbox behind an httpx client.

`Transport` reports broken connections as httpx's own errors. The RSA keys are made once per process, because a pair
takes 50 to 350 ms.
"""

from __future__ import annotations

from email.utils import format_datetime
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .app import BUG_MARKER, Sandbox, create_app
from .kernel import Dropped
from .keys import SigningKey, new_signing_keys


@cache
def shared_signing_keys() -> dict[str, SigningKey]:
    """The issuers' keys, for `create_app(keys=...)`. Every sandbox that gets them accepts the others' signatures."""
    return new_signing_keys()


def shared_key_app(**options: Any) -> Sandbox:
    """A new sandbox that signs with the shared keys. Options are those of `create_app`."""
    return create_app(keys=shared_signing_keys(), **options)


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """An RSA key of 2048 bits for a Maskinporten client; always the same one for a name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def private_pem(name: str) -> bytes:
    """`private_key(name)` as PKCS #8 in PEM, without a password."""
    form = serialization.PrivateFormat.PKCS8
    return private_key(name).private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


class SandboxBug(AssertionError):
    """The sandbox answered 500 because of an error of its own."""


class Transport(httpx.BaseTransport):
    """`httpx.WSGITransport`, with dropped connections as ReadTimeout, ReadError or RemoteProtocolError.

    Answers have a Date, as those of every HTTP server.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._inner = httpx.WSGITransport(app=sandbox)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._inner.handle_request(request)
        except Dropped as dropped:
            error = httpx.ReadTimeout if str(dropped) == "timeout" else httpx.ReadError
            raise error(f"the sandbox dropped the connection ({dropped})", request=request) from None
        body = response.read()
        if BUG_MARKER.encode() in body:
            raise SandboxBug(body.decode())
        promised = int(response.headers.get("content-length", len(body)))
        if promised > len(body) and request.method != "HEAD":
            raise httpx.RemoteProtocolError("the sandbox sent less than the Content-Length", request=request)
        response.headers.setdefault("date", format_datetime(self.sandbox.clock.token_time(), usegmt=True))
        return response
