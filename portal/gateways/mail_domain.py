"""What the DNS says of a domain that mails are sent from: SPF, DKIM and DMARC. Receivers read the same records.

https://www.rfc-editor.org/rfc/rfc7208 (SPF), https://www.rfc-editor.org/rfc/rfc6376 (DKIM),
https://www.rfc-editor.org/rfc/rfc7489 (DMARC). DMARC of a sub-domain may stand at a domain above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver

from portal.gateways.errors import BrokenReply, Unavailable

LIFETIME = 5.0
"""Seconds for one look-up, with all its tries."""
Texts = tuple[str, ...]


@dataclass(frozen=True)
class MailDomain:
    """The records as they stand, none, one or several. `dkim`: by selector."""

    spf: Texts
    dmarc: Texts
    dkim: dict[str, Texts]


def resolver(server: str = "") -> dns.resolver.Resolver:
    """The one of this machine, or the server at `host:port`."""
    if not server:
        return dns.resolver.Resolver()
    host, _, port = server.rpartition(":")
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port = [host], int(port)
    return made


def look_up(domain: str, *, selectors: Iterable[str], by: dns.resolver.Resolver) -> MailDomain:
    """Raises Unavailable when the DNS does not answer, BrokenReply for a name that is none."""

    def texts(name: str, is_wanted: Callable[[str], bool]) -> Texts:
        return tuple(text for text in _texts(name, by) if is_wanted(text))

    return MailDomain(
        spf=texts(domain, lambda text: text.lower().split(" ")[0] == "v=spf1"),
        dmarc=_dmarc(domain, texts),
        dkim={one: texts(f"{one}._domainkey.{domain}", lambda text: "p=" in text) for one in selectors},
    )


def _dmarc(domain: str, texts: Callable[[str, Callable[[str], bool]], Texts]) -> Texts:
    """Of the domain, else of the nearest one above it that has a policy; a top-level domain has none."""
    labels = domain.split(".")
    for index in range(max(len(labels) - 1, 1)):
        name = ".".join(["_dmarc", *labels[index:]])
        if found := texts(name, lambda text: text.replace(" ", "").upper().startswith("V=DMARC1")):
            return found
    return ()


def _texts(name: str, by: dns.resolver.Resolver) -> Texts:
    """Its TXT records, each with its parts joined as the RFCs say."""
    try:
        answer = by.resolve(name, "TXT", lifetime=LIFETIME)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.Timeout, dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration, OSError) as error:
        raise Unavailable(f"DNS TXT {name}: {type(error).__name__}") from error
    except dns.exception.DNSException as error:
        raise BrokenReply(f"DNS TXT {name}: {type(error).__name__}") from error
    return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer)
