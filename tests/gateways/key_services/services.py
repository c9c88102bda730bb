"""Two key services as their documentation describes them, each holding real keys: behind the gateways instead of a network.

Written from https://developer.hashicorp.com/vault/api-docs/secret/transit and
https://docs.aws.amazon.com/kms/latest/APIReference/; never compared with a running Vault or with Amazon.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

VAULT, TOKEN = "https://vault.example.no:8200", "hvs.a-token-of-the-agent"
ARN = "arn:aws:kms:eu-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KMS = "https://kms.eu-north-1.amazonaws.com"


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign_digest(key: rsa.RSAPrivateKey, digest: bytes) -> bytes:
    return key.sign(digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))


class Services(httpx.BaseTransport):
    """Vault has two versions of the key `maskinporten`; KMS has one key. `refuse` and `fail` change what they answer."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.token = TOKEN
        self.answer: Callable[[httpx.Request], httpx.Response] | None = None
        self.usage, self.kind = "SIGN_VERIFY", "rsa-2048"
        self.signing = {1: rsa_key(1), 2: rsa_key(2)}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if self.answer is not None:
            return self.answer(request)
        return self._vault(request) if request.url.host == "vault.example.no" else self._kms(request)

    def _vault(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("X-Vault-Token") != self.token or request.headers.get("X-Vault-Request") != "true":
            return httpx.Response(403, json={"errors": ["permission denied"]})
        if (request.method, request.url.path) == ("GET", "/v1/transit/keys/maskinporten"):
            keys = {str(number): {"public_key": self._pem(number)} for number in self.signing}
            return httpx.Response(200, json={"data": {"type": self.kind, "keys": keys, "latest_version": 2}})
        if (request.method, request.url.path) == ("POST", "/v1/transit/sign/maskinporten"):
            return self._vault_signature(json.loads(request.content))
        return httpx.Response(404, json={"errors": []})

    def _vault_signature(self, body: dict[str, Any]) -> httpx.Response:
        """By default Vault pads with PSS, hashes what it gets, and takes the newest version."""
        assert (body["signature_algorithm"], body["hash_algorithm"], body["prehashed"]) == (
            "pkcs1v15",
            "sha2-256",
            True,
        )
        number = body.get("key_version", 2)
        signature = base64.b64encode(sign_digest(self.signing[number], base64.b64decode(body["input"]))).decode()
        return httpx.Response(200, json={"data": {"signature": f"vault:v{number}:{signature}", "key_version": number}})

    def _pem(self, number: int) -> str:
        public = rsa_key(number).public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return public.public_bytes(serialization.Encoding.PEM, form).decode()

    def _kms(self, request: httpx.Request) -> httpx.Response:
        given = request.headers.get("Authorization", "")
        if not given.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") or "x-amz-target" not in given:
            return httpx.Response(400, json={"__type": "MissingAuthenticationTokenException", "message": "none"})
        body = json.loads(request.content)
        if body["KeyId"] != ARN:
            return httpx.Response(400, json={"__type": "NotFoundException", "message": "no such key"})
        action = request.headers["X-Amz-Target"].removeprefix("TrentService.")
        return httpx.Response(200, json={"GetPublicKey": self._kms_key, "Sign": self._kms_signature}[action](body))

    def _kms_key(self, _: dict[str, Any]) -> dict[str, Any]:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        der = rsa_key(3).public_key().public_bytes(serialization.Encoding.DER, form)
        algorithms = ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256"]
        return {
            "KeyId": ARN, "PublicKey": base64.b64encode(der).decode(), "KeySpec": "RSA_2048", "KeyUsage": self.usage,
            "SigningAlgorithms": algorithms,
        }  # fmt: skip

    def _kms_signature(self, body: dict[str, Any]) -> dict[str, Any]:
        assert (body["MessageType"], body["SigningAlgorithm"]) == ("DIGEST", "RSASSA_PKCS1_V1_5_SHA_256")
        signature = sign_digest(rsa_key(3), base64.b64decode(body["Message"]))
        return {
            "KeyId": ARN,
            "Signature": base64.b64encode(signature).decode(),
            "SigningAlgorithm": body["SigningAlgorithm"],
        }
