"""What all of Skatteetaten's services share: receipts, documents, and ids as parts of an address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from portal.gateways import disposition
from portal.gateways.decoding import uuid_text
from portal.gateways.http import Reply

ANY_TYPE = {"Accept": "application/xml, application/json;q=0.9, application/pdf, text/csv, */*;q=0.1"}


@dataclass(frozen=True)
class Receipt:
    """Skatteetaten has received the report; the verdict is unknown. Ids of the dialog and its transmission.

    `raw` is the answer as it came.
    """

    dialog_id: str
    transmission_id: str
    reference: str
    raw: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True)
class Fetched:
    """A document's bytes with the type and name the remote gave ("" when it gave none)."""

    content: bytes = field(repr=False)
    media_type: str
    filename: str


def api_of(url: str) -> str:
    """The API that an address belongs to, as Skatteetaten counts calls: the host, and on shared hosts the name after `api`.

    The sandbox has all of them below one host, with the service as the second part of the path.
    """
    there = urlsplit(url)
    parts = there.path.strip("/").split("/")
    if "api" in parts:
        return "/".join([there.netloc, *parts[: parts.index("api") + 2]])
    version = next((n for n, part in enumerate(parts) if re.fullmatch(r"v[0-9]+", part)), 0)
    return "/".join([there.netloc, *parts[:version]])


def path_segment(value: str) -> str:
    """Quoted as one path segment. Raises ValueError for "", "." and ".."."""
    if value.strip(".") == "":
        raise ValueError("an id is missing")
    return quote(value, safe="")


def decode_receipt(reply: Reply) -> Receipt:
    payload: dict[str, Any] = reply.json()
    transmission = payload.get("forsendelseId") or payload["dialogelementId"]  # its name on older pages
    reference = str(payload.get("oppgavegiversLeveranseReferanse") or "")
    return Receipt(uuid_text(payload["dialogId"]), uuid_text(transmission), reference, reply.content)


def decode_document(reply: Reply) -> Fetched:
    name = disposition.filename(reply.headers.get("content-disposition", ""))
    return Fetched(reply.content, reply.media_type or "application/octet-stream", name)
