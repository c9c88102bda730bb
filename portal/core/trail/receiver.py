"""TRAIL_TO: where the audit trail is delivered. Read by the settings; no Django here."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from portal.core.env import BadSetting, Env
from portal.gateways.siem import PORTS, Receiver

EXAMPLE = "syslog+tls://siem.example.no:6514"
SECURE = {"syslog+tls", "https"}


def read(env: Env, *, is_local: bool) -> Receiver | None:
    """Raises BadSetting. Plain connections leave a machine of one's own only where TRAIL_PLAIN allows it."""
    value = env.optional("TRAIL_TO")
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadSetting("TRAIL_TO", "is no address", example=EXAMPLE) from None
    if parts.scheme not in (*PORTS, "https", "http") or not host or parts.username or parts.password:
        problem = "must be syslog+tls://, syslog://, https:// or http:// and a host, without a password in it"
        raise BadSetting("TRAIL_TO", problem, example=EXAMPLE)
    if parts.scheme not in SECURE and not is_local and not env.bool("TRAIL_PLAIN", default=False):
        problem = "is not encrypted: use syslog+tls:// or https://, or allow it with TRAIL_PLAIN=true in a network of your own"
        raise BadSetting("TRAIL_TO", problem, example=EXAMPLE)
    ca = env.optional("TRAIL_CA") or ""
    if ca and not Path(ca).is_file():
        raise BadSetting("TRAIL_CA", f"names {ca}, which is no file", example="/run/secrets/siem-ca.pem")
    return Receiver(
        scheme=parts.scheme, host=host, port=port or PORTS.get(parts.scheme, 0), address=value, ca=ca,
        token=env.optional("TRAIL_TOKEN") or "",
    )  # fmt: skip
