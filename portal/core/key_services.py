"""SIGNING_KEYS and the settings beside it: which keys of Maskinporten a key service holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from portal.core.env import BadSetting, Env
from portal.core.servers import is_here
from portal.gateways.errors import Unavailable
from portal.gateways.key_services.references import BY_SERVICE, is_reference

CODE = "KEY_SERVICE"
"""Of what waits for a key service."""
EXAMPLE = "my-key-id=vault:transit/maskinporten#1"
_KID = re.compile(r"[A-Za-z0-9._-]{1,255}")


@dataclass(frozen=True)
class KeyServices:
    """`keys`: the reference of each key by its kid."""

    keys: dict[str, str] = field(default_factory=dict)
    vault: str = ""
    vault_token: str = field(default="", repr=False)
    vault_token_file: str = ""
    vault_namespace: str = ""
    aws_endpoint: str = ""

    def current_vault_token(self) -> str:
        """From its file at each call, as an agent renews it. Raises Unavailable."""
        if not self.vault_token_file:
            return self.vault_token
        try:
            return Path(self.vault_token_file).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable("vault: VAULT_TOKEN_FILE cannot be read", code=CODE) from error


def read(env: Env, *, is_local: bool) -> KeyServices:
    """Raises BadSetting."""
    keys = dict(map(_entry, env.list("SIGNING_KEYS", example=EXAMPLE, default=())))
    found = KeyServices(
        keys,
        _address(env, "VAULT_ADDR", is_local),
        env.optional("VAULT_TOKEN") or "",
        env.values.get("VAULT_TOKEN_FILE", "").strip(),
        env.optional("VAULT_NAMESPACE") or "",
        _address(env, "AWS_KMS_ENDPOINT", is_local),
    )
    if any(reference.startswith("vault:") for reference in keys.values()):
        if not found.vault:
            raise BadSetting(
                "VAULT_ADDR", "is not set, though SIGNING_KEYS has a key in Vault", example="https://vault:8200"
            )
        if not found.vault_token:
            problem = "is not set, though SIGNING_KEYS has a key in Vault"
            raise BadSetting("VAULT_TOKEN_FILE", problem, example="/run/secrets/vault_token")
    return found


def _entry(text: str) -> tuple[str, str]:
    kid, _equals, reference = text.partition("=")
    if not _KID.fullmatch(kid) or not is_reference(reference):
        raise BadSetting(
            "SIGNING_KEYS",
            f"has {text[:40]!r}, which is no KID=SERVICE:KEY of {', '.join(BY_SERVICE)}",
            example=EXAMPLE,
        )
    return kid, reference


def _address(env: Env, name: str, is_local: bool) -> str:
    if env.optional(name) is None:
        return ""
    url = env.url(name, schemes=("https", "http"), example="https://vault.example.no:8200")
    if urlsplit(url).scheme == "http" and not is_local and not is_here(urlsplit(url).hostname or ""):
        raise BadSetting(name, "must begin with https://, as its answers open everything", example="https://vault:8200")
    return url
