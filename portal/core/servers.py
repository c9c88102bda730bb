"""What production asks of the addresses of its servers: a password, and a connection that nobody on the way can read or change.

A socket and this machine itself need neither. A server that is reached otherwise must be named by the operator. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from portal.core.env import BadSetting, Env

CHECKED = ("verify-full", "verify-ca")
"""Values of `sslmode` with which the server's certificate is checked."""


@dataclass(frozen=True)
class Exceptions:
    """Host names that the operator takes responsibility for: SERVERS_WITHOUT_TLS and SERVERS_WITHOUT_PASSWORD."""

    tls: frozenset[str] = frozenset()
    password: frozenset[str] = frozenset()


def check_all(env: Env, **addresses: str | None) -> None:
    """`check`, with the exceptions that the operator has named, and the owner's address where it is set."""
    owner = {"DATABASE_OWNER_URL": env.optional("DATABASE_OWNER_URL")}
    named = {
        kind: frozenset(env.list(name, example="postgres,valkey", default=()))
        for kind, name in (("tls", "SERVERS_WITHOUT_TLS"), ("password", "SERVERS_WITHOUT_PASSWORD"))
    }
    check({**addresses, **owner}, exceptions=Exceptions(**named))


def check(addresses: Mapping[str, str | None], *, exceptions: Exceptions) -> None:
    """Raises BadSetting for the first address, by the name of its setting, that is open. None is an address that is not set."""
    for name, url in addresses.items():
        if url and not is_here(host := host_of(url)):
            _check_one(name, url, host, exceptions)


def _check_one(name: str, url: str, host: str, exceptions: Exceptions) -> None:
    scheme = urlsplit(url).scheme
    asks, is_private, example = _KINDS[scheme]
    if not is_private(url) and host not in exceptions.tls:
        raise BadSetting(
            name,
            f"leads to {host} without a checked TLS connection. Use {asks}, or name the host in SERVERS_WITHOUT_TLS "
            "when nobody else is on that network",
            example=example,
        )
    if scheme in _WITH_PASSWORD and not _has_password(url) and host not in exceptions.password:
        raise BadSetting(
            name, f"has no password for {host}. Set one, or name the host in SERVERS_WITHOUT_PASSWORD", example=example
        )


def check_start(*, is_debugged: bool, hosts: list[str], portal_url: str, has_sandbox: bool) -> None:
    """What production never has. Raises BadSetting."""
    host = urlsplit(portal_url).hostname or ""
    if is_debugged:
        raise BadSetting("DEBUG", "is on, and its error pages show secrets", example="false")
    if "*" in hosts:
        raise BadSetting("ALLOWED_HOSTS", "allows every host name", example=host)
    check_hosts(hosts, portal_host=host)
    if has_sandbox:
        raise BadSetting("SANDBOX_URL", "is set, but production never talks to the sandbox; unset it", example="")


def check_hosts(names: Iterable[str], *, portal_host: str) -> None:
    """ALLOWED_HOSTS holds the portal's own host, and no suffix that strangers have names below. Raises BadSetting."""
    for name in names:
        if name.startswith(".") and "." not in name[1:]:
            raise BadSetting("ALLOWED_HOSTS", f"allows every name below {name}", example=portal_host)
    if not any(name == portal_host or (name[0] == "." and f".{portal_host}".endswith(name)) for name in names):
        raise BadSetting("ALLOWED_HOSTS", f"lacks {portal_host}, the host of PORTAL_URL", example=portal_host)


def host_of(url: str) -> str:
    """Of `?host=` too, as PostgreSQL takes it. "" for a socket."""
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [""])[0] or parts.hostname or ""
    return "" if host.startswith("/") or parts.scheme == "unix" else host.lower()


def is_here(host: str) -> bool:
    """A socket, or this machine."""
    if host in ("", "localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _has_password(url: str) -> bool:
    """A client's certificate proves as much as a password does."""
    query = parse_qs(urlsplit(url).query)
    return bool(urlsplit(url).password or query.get("sslcert") or query.get("ssl_certfile") or query.get("passfile"))


def _postgres_is_private(url: str) -> bool:
    return parse_qs(urlsplit(url).query).get("sslmode", [""])[-1] in CHECKED


def _redis_is_private(url: str) -> bool:
    parts = urlsplit(url)
    asked = parse_qs(parts.query).get("ssl_cert_reqs", ["required"])[-1].lower()
    return parts.scheme == "rediss" and asked in ("required", "cert_required")


def _is_https(url: str) -> bool:
    return urlsplit(url).scheme in ("https", "smtp+tls")


_POSTGRES = (
    "sslmode=verify-full",
    _postgres_is_private,
    "postgresql://portal_app:password@db.example.no:5432/portal?sslmode=verify-full&sslrootcert=system",
)
_REDIS = ("rediss:// without ssl_cert_reqs=none", _redis_is_private, "rediss://:password@valkey.example.no:6379/0")
_HTTP = ("https://", _is_https, "https://collector.example.no/v1/traces")
_MAIL = ("MAIL_TLS=true", _is_https, "smtp.example.no")
_KINDS: dict[str, tuple[str, Callable[[str], bool], str]] = {
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
    "redis": _REDIS,
    "rediss": _REDIS,
    "http": _HTTP,
    "https": _HTTP,
    "smtp": _MAIL,
    "smtp+tls": _MAIL,
}
_WITH_PASSWORD = {"postgresql", "postgres", "redis", "rediss"}


def private_hosts(env: Env, *, is_local: bool) -> frozenset[str]:
    """Hosts on a network of one's own to which webhooks may lead, in small letters."""
    own = ("127.0.0.1", "localhost") if is_local else ()
    return frozenset(
        name.lower() for name in env.list("WEBHOOK_PRIVATE_HOSTS", example="erp.intern.example.no", default=own)
    )
