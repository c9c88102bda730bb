"""Keys of Maskinporten that a key service holds: the setting SIGNING_KEYS says which, and where.

The row of such a key has the public half and no private one. A database alone cannot lead us to another key: the setting names it, and
every signature is verified with the public half that was registered at Digdir.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from portal.core.key_services import CODE
from portal.core.problems import code_of
from portal.gateways.errors import GatewayError, Unavailable
from portal.gateways.key_services import KeyService, fits
from portal.gateways.key_services.aws_kms import AwsKms
from portal.gateways.key_services.azure_keys import AzureKeys
from portal.gateways.key_services.gcp_kms import GcpKms
from portal.gateways.key_services.vault import Vault
from systemusers.models import SigningKey

Sign = Callable[[bytes], bytes]


class NotNamed(Exception):
    """SIGNING_KEYS has no key with this kid."""

    def __init__(self, kid: str) -> None:
        super().__init__(f"SIGNING_KEYS names no key {kid}")


def service_of(kid: str) -> KeyService:
    """Raises NotNamed."""
    reference = settings.KEY_SERVICES.keys.get(kid)
    if reference is None:
        raise NotNamed(kid)
    kind, _colon, rest = reference.partition(":")
    if kind == "vault":
        known = settings.KEY_SERVICES
        return Vault(rest, address=known.vault, token=known.current_vault_token, namespace=known.vault_namespace)
    if kind == "aws-kms":
        return AwsKms(rest, endpoint=settings.KEY_SERVICES.aws_endpoint)
    return GcpKms(rest) if kind == "gcp-kms" else AzureKeys(rest)


def signer(key: SigningKey) -> Sign:
    """What signs for the key. Raises NotNamed."""
    return partial(_sign, service_of(key.kid), _public(key))


def _sign(service: KeyService, public: rsa.RSAPublicKey, message: bytes) -> bytes:
    """Raises Unavailable, whatever is wrong: what waits for a token waits on, and nobody takes it for a refusal of Maskinporten."""
    try:
        signature = service.sign(message)
    except Unavailable as error:
        raise Unavailable(str(error), retry_after=error.retry_after, code=CODE) from error
    except GatewayError as error:
        raise Unavailable(f"{error} ({code_of(error)})", code=CODE) from error
    if not fits(public, message=message, signature=signature):
        raise Unavailable("the key service signed with another key", code=CODE)
    return signature


def _public(key: SigningKey) -> rsa.RSAPublicKey:
    made = jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(key.public_jwk))
    if not isinstance(made, rsa.RSAPublicKey):
        raise TypeError("a stored public half is public")
    return made
