"""Azure Key Vault: signs with a version of an RSA key, with a token of the machine's identity.

https://learn.microsoft.com/en-us/rest/api/keyvault/keys/sign/sign
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from portal.gateways.decoding import decode, from_base64url
from portal.gateways.http import Channel, Reply
from portal.gateways.key_services import checked_key, digest
from portal.gateways.key_services.machine_token import MachineToken, of_azure
from portal.gateways.key_services.references import AZURE

VERSION = {"api-version": "7.4"}


@cache
def token() -> MachineToken:
    return MachineToken(of_azure)


class AzureKeys:
    def __init__(self, reference: str) -> None:
        """Raises ValueError for a reference of another form."""
        match = AZURE.fullmatch(reference)
        if match is None:
            raise ValueError("not of the form VAULT/NAME/VERSION")
        self._path = f"/keys/{match['name']}/{match['version']}"
        self._channel = Channel(
            service="azure-keys", base_url=f"https://{match['vault'].lower()}.vault.azure.net", patience=5
        )

    def public_key(self) -> rsa.RSAPublicKey:
        reply = self._call("GET", self._path)
        return decode(reply.where, lambda: checked_key(_key_in(reply.json()), reply.where))

    def sign(self, message: bytes) -> bytes:
        """Key Vault takes the digest and gives the signature as base64url without padding."""
        body = {"alg": "RS256", "value": base64.urlsafe_b64encode(digest(message)).rstrip(b"=").decode()}
        reply = self._call("POST", f"{self._path}/sign", body)
        return decode(reply.where, lambda: self._signature_in(reply.json()))

    def _signature_in(self, answer: dict[str, Any]) -> bytes:
        """Raises ValueError, also for the signature of another version."""
        if not str(answer["kid"]).endswith(self._path):
            raise ValueError("signed with another version")
        return from_base64url(str(answer["value"]))

    def _call(self, method: str, path: str, body: Any = None) -> Reply:
        return token().call(lambda text: self._channel.call(method, path, params=VERSION, json=body, token=text))


def _key_in(answer: dict[str, Any]) -> object:
    """Raises ValueError for a key that may not sign, or is not enabled."""
    key = answer["key"]
    if "sign" not in key["key_ops"] or not answer["attributes"]["enabled"]:
        raise ValueError("the key is not for signatures, or not enabled")
    modulus, exponent = (int.from_bytes(from_base64url(str(key[name]))) for name in ("n", "e"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()
