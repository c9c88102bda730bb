"""HashiCorp Vault's transit engine, also of OpenBao: signs with a version of a key.

https://developer.hashicorp.com/vault/api-docs/secret/transit
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from portal.gateways.decoding import decode
from portal.gateways.http import Channel
from portal.gateways.key_services import checked_key, digest
from portal.gateways.key_services.references import VAULT


class Vault:
    """`token` is asked for at each call: an agent renews it in its file."""

    def __init__(self, reference: str, *, address: str, token: Callable[[], str], namespace: str = "") -> None:
        """Raises ValueError for a reference of another form."""
        match = VAULT.fullmatch(reference)
        if match is None:
            raise ValueError("not of the form MOUNT/NAME#VERSION")
        self.mount, self.name, self.version = match["mount"], match["name"], int(match["version"])
        self._token, self._namespace = token, namespace
        self._channel = Channel(service="vault", base_url=address, patience=5)

    def public_key(self) -> rsa.RSAPublicKey:
        reply = self._channel.call("GET", f"/v1/{self.mount}/keys/{self.name}", headers=self._headers())
        return decode(reply.where, lambda: checked_key(self._key_in(reply.json()), reply.where))

    def _key_in(self, payload: dict[str, Any]) -> object:
        pem = payload["data"]["keys"][str(self.version)]["public_key"]
        return load_pem_public_key(str(pem).encode())

    def sign(self, message: bytes) -> bytes:
        body = {
            "input": base64.b64encode(digest(message)).decode(),
            "prehashed": True,
            "hash_algorithm": "sha2-256",
            "signature_algorithm": "pkcs1v15",
            "key_version": self.version,
        }
        path = f"/v1/{self.mount}/sign/{self.name}"
        reply = self._channel.call("POST", path, json=body, headers=self._headers())
        return decode(reply.where, lambda: self._signature_in(reply.json()))

    def _signature_in(self, payload: dict[str, Any]) -> bytes:
        """`vault:v1:` and base64. Raises ValueError."""
        prefix, version, encoded = str(payload["data"]["signature"]).split(":")
        if (prefix, version) != ("vault", f"v{self.version}"):
            raise ValueError("signed with another version")
        try:
            return base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ValueError("no base64") from error

    def _headers(self) -> dict[str, str]:
        return {
            "X-Vault-Token": self._token(),
            "X-Vault-Request": "true",
            **({"X-Vault-Namespace": self._namespace} if self._namespace else {}),
        }
