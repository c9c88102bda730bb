"""AWS KMS: signs with an asymmetric key. Requests are signed by botocore, with the machine's role or the usual variables.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html
"""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.session import Session
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from portal.gateways.decoding import decode
from portal.gateways.errors import Unavailable
from portal.gateways.http import Channel
from portal.gateways.key_services import checked_key, digest
from portal.gateways.key_services.references import AWS_KMS

ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
CONTENT = "application/x-amz-json-1.1"


@cache
def session() -> Session:
    """It keeps credentials, and renews those of a role."""
    return Session()


class AwsKms:
    def __init__(self, reference: str, *, endpoint: str = "") -> None:
        """`endpoint`: another address than Amazon's for the region. Raises ValueError for a reference that is no ARN of a key."""
        match = AWS_KMS.fullmatch(reference)
        if match is None:
            raise ValueError("not the ARN of a key")
        self.arn, self.region = reference, match["region"]
        self._url = endpoint or f"https://kms.{self.region}.amazonaws.com"
        self._channel = Channel(service="aws-kms", base_url=self._url, patience=5)

    def public_key(self) -> rsa.RSAPublicKey:
        where, answer = self._ask("GetPublicKey", {"KeyId": self.arn})
        return decode(where, lambda: checked_key(_key_in(answer), where))

    def sign(self, message: bytes) -> bytes:
        encoded = base64.b64encode(digest(message)).decode()
        body = {"KeyId": self.arn, "Message": encoded, "MessageType": "DIGEST", "SigningAlgorithm": ALGORITHM}
        where, answer = self._ask("Sign", body)
        return decode(where, lambda: base64.b64decode(answer["Signature"], validate=True))

    def _ask(self, action: str, body: dict[str, str]) -> tuple[str, dict[str, Any]]:
        content = json.dumps(body).encode()
        headers = self._signed({"Content-Type": CONTENT, "X-Amz-Target": f"TrentService.{action}"}, content)
        reply = self._channel.call("POST", "/", content=content, headers=headers)
        return f"{reply.where} {action}", decode(reply.where, lambda: dict(reply.json()))

    def _signed(self, headers: dict[str, str], content: bytes) -> dict[str, str]:
        """With AWS's signature of method, address, headers and body. Raises Unavailable without credentials."""
        request = AWSRequest("POST", f"{self._url}/", headers=headers, data=content)
        try:
            credentials = session().get_credentials()
            if credentials is None:
                raise Unavailable("aws-kms: no credentials of AWS were found", code="KEY_SERVICE")
            SigV4Auth(credentials.get_frozen_credentials(), "kms", self.region).add_auth(request)
        except BotoCoreError as error:
            raise Unavailable(f"aws-kms: {type(error).__name__}", code="KEY_SERVICE") from error
        return dict(request.headers.items())


def _key_in(answer: dict[str, Any]) -> object:
    """Raises ValueError for a key that may not sign as RS256 wants it."""
    if answer["KeyUsage"] != "SIGN_VERIFY" or ALGORITHM not in answer["SigningAlgorithms"]:
        raise ValueError("the key is not for signatures of this kind")
    return load_der_public_key(base64.b64decode(answer["PublicKey"]))
