"""Google Cloud KMS: signs with a version of an asymmetric key, with a token of the machine's service account.

https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys.cryptoKeyVersions
"""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from portal.gateways.decoding import decode
from portal.gateways.http import Channel, Reply
from portal.gateways.key_services import checked_key, digest
from portal.gateways.key_services.machine_token import MachineToken, of_google
from portal.gateways.key_services.references import GCP_KMS

ADDRESS = "https://cloudkms.googleapis.com"
ALGORITHM = re.compile(r"RSA_SIGN_PKCS1_[234][0-9]{3}_SHA256")


@cache
def token() -> MachineToken:
    return MachineToken(of_google)


class GcpKms:
    def __init__(self, reference: str) -> None:
        """Raises ValueError for a reference that is no name of a version of a key."""
        if GCP_KMS.fullmatch(reference) is None:
            raise ValueError("not the name of a version of a key")
        self.name = reference
        self._channel = Channel(service="gcp-kms", base_url=ADDRESS, patience=5)

    def public_key(self) -> rsa.RSAPublicKey:
        reply = self._call("GET", f"/v1/{self.name}/publicKey")
        return decode(reply.where, lambda: checked_key(_key_in(reply.json()), reply.where))

    def sign(self, message: bytes) -> bytes:
        body = {"digest": {"sha256": base64.b64encode(digest(message)).decode()}}
        reply = self._call("POST", f"/v1/{self.name}:asymmetricSign", body)
        return decode(reply.where, lambda: base64.b64decode(reply.json()["signature"], validate=True))

    def _call(self, method: str, path: str, body: Any = None) -> Reply:
        return token().call(lambda text: self._channel.call(method, path, json=body, token=text))


def _key_in(answer: dict[str, Any]) -> object:
    """Raises ValueError for a key that may not sign as RS256 wants it."""
    if not ALGORITHM.fullmatch(str(answer["algorithm"])):
        raise ValueError("the key is not for signatures of this kind")
    return load_pem_public_key(str(answer["pem"]).encode())
