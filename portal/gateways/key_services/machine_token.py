"""Tokens that a cloud gives to its own machines, kept in this process while they live.

https://cloud.google.com/compute/docs/access/authenticate-workloads
https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
https://learn.microsoft.com/en-us/azure/aks/workload-identity-overview
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from portal.gateways.decoding import decode
from portal.gateways.errors import Refused, Unavailable
from portal.gateways.http import Channel, Reply

EARLY = 60
"""Seconds before its end that a token is no longer used."""
GOOGLE = "/computeMetadata/v1/instance/service-accounts/default/token"
AZURE = "/metadata/identity/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class MachineToken:
    """`ask` gets a new one; its answer has `access_token` and `expires_in`, in seconds."""

    ask: Callable[[], Reply]
    _text: str = field(default="", repr=False)
    _ends: float = 0.0

    def call(self, made: Callable[[str], Reply]) -> Reply:
        """`made` is called with the token. One that is no longer taken is forgotten. Raises GatewayError."""
        try:
            return made(self._current())
        except Refused as error:
            if error.status == 401:
                self._ends = 0.0
            raise

    def _current(self) -> str:
        now = time.monotonic()
        if self._ends <= now:
            reply = self.ask()
            self._text, seconds = decode(reply.where, lambda: _read(reply))
            self._ends = now + seconds - EARLY
        return self._text


def _read(reply: Reply) -> tuple[str, int]:
    """Azure writes the seconds as a text. Raises ValueError."""
    body = reply.json()
    token = body["access_token"]
    if not isinstance(token, str) or not token:
        raise ValueError("no token")
    return token, int(body["expires_in"])


def _of_machine(service: str, base_url: str) -> Channel:
    """The cloud's own server beside the machine: a proxy does not reach it, and is not to read the token."""
    return Channel(service=service, base_url=base_url, patience=5, is_direct=True)


def of_google() -> Reply:
    """From the metadata server, which also answers in a cluster with workload identity."""
    host = os.environ.get("GCE_METADATA_HOST", "metadata.google.internal")
    return _of_machine("gcp-kms", f"http://{host}").call("GET", GOOGLE, headers={"Metadata-Flavor": "Google"})


def of_azure() -> Reply:
    """Of the workload identity of a cluster where its variables are set, else of the machine's managed identity.

    Raises Unavailable when the file with the cluster's token cannot be read.
    """
    given = [os.environ.get(f"AZURE_{name}", "") for name in ("FEDERATED_TOKEN_FILE", "CLIENT_ID", "TENANT_ID")]
    file, client, tenant = given
    if not all(given):
        query = {"api-version": "2018-02-01", "resource": "https://vault.azure.net"}
        query |= {"client_id": client} if client else {}
        channel = _of_machine("azure-keys", "http://169.254.169.254")
        return channel.call("GET", AZURE, params=query, headers={"Metadata": "true"})
    try:
        assertion = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = "azure-keys: AZURE_FEDERATED_TOKEN_FILE cannot be read"
        raise Unavailable(problem, code="KEY_SERVICE") from error
    authority = os.environ.get("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com").rstrip("/")
    form = {
        "grant_type": "client_credentials", "client_id": client, "scope": "https://vault.azure.net/.default",
        "client_assertion_type": JWT_BEARER, "client_assertion": assertion,
    }  # fmt: skip
    channel = Channel(service="azure-keys", base_url=authority, patience=5)
    return channel.call("POST", f"/{tenant}/oauth2/v2.0/token", data=form)
