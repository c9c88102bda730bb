"""Reads a file of `proof` and says what it proves. It needs no database, and says more with AUDIT_KEYS than without."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from portal.core.audit import AuditEvent, AuditSeal
from portal.core.audit_chain import HASH_BYTES, chain_hash, row_hash
from portal.core.trail import keys
from portal.core.trail.anchors import Anchor, NoAnchor, read
from portal.core.trail.proof import FORMAT, content_of

LONGEST_LINE = 4 * 2**20
"""Bytes. A seal of 10 000 rows has 430 000 characters of hashes."""


class NotProved(Exception):
    """Something in the file does not fit. The message names it."""


@dataclass
class Proof:
    """What was found. `has_key`: whether the seals and the whole file could be compared with the portal's key."""

    about: dict[str, Any] = field(default_factory=dict)
    rows: int = 0
    seals: int = 0
    first: AuditSeal | None = None
    last: AuditSeal | None = None
    has_key: bool = True
    is_whole: bool = False
    anchors: set[Anchor] = field(default_factory=set)
    by_number: dict[int, tuple[int | None, str]] = field(default_factory=dict)

    def has_seal_of(self, anchor: Anchor) -> bool:
        """Raises NotProved when the file has another seal at the place of the anchor."""
        found = self.by_number.get(anchor.number)
        if found is None:
            return any(anchor.hash == hash_ for _events, hash_ in self.by_number.values())
        if found != (anchor.events, anchor.hash):
            raise NotProved(
                f"seal number {anchor.number} is not the one of the anchor {anchor}: the seals were made anew"
            )
        return True


def check(file: IO[bytes], *, anchors: Iterable[Anchor] = ()) -> Proof:
    """Walk through the file. `anchors`: kept elsewhere, beside those in the file. Raises NotProved."""
    proof, walk = Proof(), _Walk()
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if proof.is_whole:
            raise NotProved(f"line {number} comes after the end")
        try:
            _take(proof, walk, line)
        except NotProved as error:
            raise NotProved(f"line {number}: {error}") from error.__cause__
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise NotProved(f"line {number} is not of such a file") from error
    if not proof.is_whole:
        raise NotProved("the end of the file is missing")
    for anchor in {*proof.anchors, *anchors}:
        proof.has_seal_of(anchor)
    return proof


@dataclass
class _Walk:
    """Where the walk is: the hash of all lines, the seal of the next rows, and its hashes."""

    digest: Any = field(default_factory=hashlib.sha256)
    hashes: list[bytes] = field(default_factory=list)
    last_row: int = 0


def _take(proof: Proof, walk: _Walk, line: bytes) -> None:
    value = json.loads(line)
    if not proof.about and "about" not in value:
        raise NotProved("this is no file with proof")
    if "end" in value:
        _end(proof, walk, value["end"])
        return
    walk.digest.update(line)
    if "about" in value:
        _about(proof, value["about"])
    elif "seal" in value:
        _seal(proof, walk, value["seal"])
    elif "row" in value:
        _row(proof, walk, value["row"])
    else:
        proof.anchors |= _anchor(value["anchor"])


def _about(proof: Proof, about: dict[str, Any]) -> None:
    if proof.about or about.get("format") != FORMAT:
        raise NotProved(f"it is no file of format {FORMAT}")
    proof.about = dict(about)


def _anchor(text: str) -> set[Anchor]:
    try:
        return set(read(text))
    except NoAnchor as error:
        raise NotProved(str(error)) from error


def _seal(proof: Proof, walk: _Walk, plain: dict[str, Any]) -> None:
    try:
        hashes = base64.b64decode(plain["row_hashes"], validate=True)
    except binascii.Error as error:
        raise NotProved("its hashes cannot be read") from error
    sealed = AuditSeal(
        pk=plain["id"], sealed_at=datetime.fromisoformat(plain["sealed_at"]), first_event=plain["first"],
        last_event=plain["last"], row_hashes=hashes, previous_hash=plain["previous"], chain_hash=plain["hash"],
        number=plain["number"], events=plain["events"], key=plain["key"],
    )  # fmt: skip
    _check_seal(proof, sealed)
    if proof.last and sealed.previous_hash != proof.last.chain_hash:
        raise NotProved(f"seal {sealed.pk} does not follow from the seal before it: one was removed, changed or put in")
    walk.hashes = [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]
    proof.seals, proof.first, proof.last = proof.seals + 1, proof.first or sealed, sealed
    if sealed.number:
        proof.by_number[sealed.number] = (sealed.events, sealed.chain_hash)


def _check_seal(proof: Proof, sealed: AuditSeal) -> None:
    try:
        expected = chain_hash(sealed)
    except keys.UnknownKey:
        proof.has_key = False
        return
    if expected != sealed.chain_hash:
        raise NotProved(f"seal {sealed.pk} (rows {sealed}) was changed, or made by somebody without the key")


def _row(proof: Proof, walk: _Walk, plain: dict[str, Any]) -> None:
    event = AuditEvent(
        pk=plain["id"], at=datetime.fromisoformat(plain["at"]), by=plain["by"], environment=plain["environment"],
        target=plain["target"], customer_id_ref=plain["customer"], what=plain["what"], detail=plain["detail"],
    )  # fmt: skip
    if event.pk <= walk.last_row:
        raise NotProved(f"row {event.pk} is not in its place")
    try:
        place = walk.hashes.index(row_hash(event))
    except ValueError:
        raise NotProved(f"row {event.pk} is not what was sealed: it was changed or put in") from None
    walk.hashes, walk.last_row = walk.hashes[place + 1 :], event.pk
    proof.rows += 1


def _end(proof: Proof, walk: _Walk, end: dict[str, Any]) -> None:
    if (end["rows"], proof.about.get("rows")) != (proof.rows, proof.rows):
        raise NotProved(f"the file says {end['rows']} rows, and has {proof.rows}: rows were removed or put in")
    digest = walk.digest.hexdigest()
    if end["sha256"] != digest:
        raise NotProved("the file is not as it was made: something in it was changed, removed or put in")
    try:
        if keys.mac(content_of(digest), key=end["key"]) != end["mac"]:
            raise NotProved("the file was not made by the portal: its HMAC is another one")
    except keys.UnknownKey:
        proof.has_key = False
    proof.is_whole = True
