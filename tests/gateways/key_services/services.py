"""Four key services as their documentation describes them, each holding real keys: behind the gateways instead of a network.

Written from https://developer.hashicorp.com/vault/api-docs/secret/transit, https://docs.aws.amazon.com/kms/latest/APIReference/,
https://cloud.google.com/kms/docs/reference/rest and https://learn.microsoft.com/en-us/rest/api/keyvault/keys/; never compared with a
running one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

VAULT, TOKEN = "https://vault.example.no:8200", "hvs.a-token-of-the-agent"
ARN = "arn:aws:kms:eu-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KMS = "https://kms.eu-north-1.amazonaws.com"
GCP = "projects/my-project/locations/europe-north1/keyRings/portal/cryptoKeys/maskinporten/cryptoKeyVersions/1"
AZURE = "my-vault/maskinporten/0123456789abcdef0123456789abcdef"


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign_digest(key: rsa.RSAPrivateKey, digest: bytes) -> bytes:
    return key.sign(digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))


class Services(httpx.BaseTransport):
    """Vault has two versions of the key `maskinporten`, the others one key each. `answer` changes what they answer.

    `given`: how many tokens the clouds' own servers gave; only the newest is taken.
    """

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.token = TOKEN
        self.answer: Callable[[httpx.Request], httpx.Response] | None = None
        self.usage, self.kind = "SIGN_VERIFY", "rsa-2048"
        self.algorithm, self.is_enabled = "RSA_SIGN_PKCS1_2048_SHA256", True
        self.given, self.seconds = 0, 3600
        self.signing = {1: rsa_key(1), 2: rsa_key(2)}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if self.answer is not None:
            return self.answer(request)
        return {
            "vault.example.no": self._vault, "metadata.google.internal": self._google_token, "169.254.169.254": self._azure_token,
            "login.microsoftonline.com": self._azure_token, "cloudkms.googleapis.com": self._gcp,
            "my-vault.vault.azure.net": self._azure,
        }.get(request.url.host, self._kms)(request)  # fmt: skip

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

    def _google_token(self, request: httpx.Request) -> httpx.Response:
        path = "/computeMetadata/v1/instance/service-accounts/default/token"
        if request.headers.get("Metadata-Flavor") != "Google" or request.url.path != path:
            return httpx.Response(403)
        return self._new_token(self.seconds)

    def _azure_token(self, request: httpx.Request) -> httpx.Response:
        """Of the machine, or for what the cluster says. Azure writes the seconds of the first as a text."""
        if request.url.host == "login.microsoftonline.com":
            form = dict(parse_qsl(request.content.decode()))
            wanted = ("client_credentials", "https://vault.azure.net/.default", "assertion-of-the-cluster")
            is_right = (form["grant_type"], form["scope"], form["client_assertion"]) == wanted
            return self._new_token(self.seconds) if is_right else httpx.Response(400, json={"error": "invalid_client"})
        query = request.url.params
        if request.headers.get("Metadata") != "true" or query.get("resource") != "https://vault.azure.net":
            return httpx.Response(400, json={"error": "invalid_request"})
        return self._new_token(str(self.seconds))

    def _new_token(self, seconds: int | str) -> httpx.Response:
        self.given += 1
        return httpx.Response(
            200, json={"access_token": f"token-{self.given}", "expires_in": seconds, "token_type": "Bearer"}
        )

    def _is_known(self, request: httpx.Request) -> bool:
        return self.given > 0 and request.headers.get("Authorization") == f"Bearer token-{self.given}"

    def _gcp(self, request: httpx.Request) -> httpx.Response:
        if not self._is_known(request):
            return httpx.Response(401, json={"error": {"code": 401, "status": "UNAUTHENTICATED"}})
        if (request.method, request.url.path) == ("GET", f"/v1/{GCP}/publicKey"):
            return httpx.Response(200, json={"pem": self._pem(3), "algorithm": self.algorithm, "name": GCP})
        if (request.method, request.url.path) == ("POST", f"/v1/{GCP}:asymmetricSign"):
            digest = base64.b64decode(json.loads(request.content)["digest"]["sha256"])
            signature = base64.b64encode(sign_digest(rsa_key(3), digest)).decode()
            return httpx.Response(200, json={"signature": signature, "name": GCP})
        return httpx.Response(404, json={"error": {"code": 404, "status": "NOT_FOUND"}})

    def _azure(self, request: httpx.Request) -> httpx.Response:
        if not self._is_known(request):
            return httpx.Response(401, json={"error": {"code": "Unauthorized"}})
        path = f"/keys/{AZURE.partition('/')[2]}"
        kid = f"https://my-vault.vault.azure.net{path}"
        if request.url.params.get("api-version") != "7.4":
            return httpx.Response(400, json={"error": {"code": "BadParameter"}})
        if (request.method, request.url.path) == ("GET", path):
            numbers = rsa_key(3).public_key().public_numbers()
            jwk = {
                "kid": kid,
                "kty": "RSA",
                "key_ops": ["sign", "verify"],
                "n": _number(numbers.n),
                "e": _number(numbers.e),
            }
            return httpx.Response(200, json={"key": jwk, "attributes": {"enabled": self.is_enabled}})
        if (request.method, request.url.path) == ("POST", f"{path}/sign"):
            body = json.loads(request.content)
            assert body["alg"] == "RS256"
            digest = base64.urlsafe_b64decode(body["value"] + "=")
            return httpx.Response(200, json={"kid": kid, "value": _bare(sign_digest(rsa_key(3), digest))})
        return httpx.Response(404, json={"error": {"code": "KeyNotFound"}})


def _number(number: int) -> str:
    return _bare(number.to_bytes((number.bit_length() + 7) // 8))


def _bare(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
