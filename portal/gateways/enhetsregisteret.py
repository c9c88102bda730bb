"""Enhetsregisteret's open API: who an organisation is. No key. https://data.brreg.no/enhetsregisteret/api/dokumentasjon

Synthetic test organisations are not in it: the answer is None, not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypedDict

from portal.gateways.decoding import decode
from portal.gateways.errors import Refused
from portal.gateways.http import Channel
from portal.gateways.text import one_line


class UnitJson(TypedDict, total=False):
    """`Unit` as it is stored; empty where the register has not been asked or does not know the number.

    `former_name`: the register's earlier name, when it has changed since the first look-up.
    """

    orgnr: str
    name: str
    form: str
    address: str
    language: str
    is_bankrupt: bool
    is_closing: bool
    is_deleted: bool
    is_hidden: bool
    is_restructuring: bool
    main_unit: str
    former_name: str


@dataclass(frozen=True)
class Unit:
    """An organisation. `language` is its written norm, nb or nn.

    `main_unit` is set on a sub-unit only: what the register lists among sub-units. An organisasjonsledd (ORGL) has a
    parent too, but is a main unit. `is_hidden`: removed from the open register for legal reasons (410); nothing is known.
    """

    orgnr: str
    name: str
    form: str
    address: str
    language: str
    is_bankrupt: bool
    is_closing: bool
    is_deleted: bool
    main_unit: str
    is_hidden: bool = False
    is_restructuring: bool = False

    def as_json(self) -> UnitJson:
        return {
            "orgnr": self.orgnr,
            "name": self.name,
            "form": self.form,
            "address": self.address,
            "language": self.language,
            "is_bankrupt": self.is_bankrupt,
            "is_closing": self.is_closing,
            "is_deleted": self.is_deleted,
            "is_hidden": self.is_hidden,
            "is_restructuring": self.is_restructuring,
            "main_unit": self.main_unit,
        }


@dataclass(frozen=True)
class RoleHolder:
    """A person or unit with a public role: DAGL, LEDE, REGN, REVI ... Names only; birth dates are not read."""

    role: str
    name: str
    orgnr: str


@dataclass(frozen=True)
class Update:
    """One entry of the update feed: something about this unit changed. What, is not read from it."""

    id: int
    orgnr: str


MAIN, SUB = "enheter", "underenheter"
UPDATED = {MAIN: "oppdaterteEnheter", SUB: "oppdaterteUnderenheter"}
MOST_NUMBERS = 100
"""In one search: the address stays shorter than what servers accept."""


class Enhetsregisteret:
    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="enhetsregisteret", base_url=base_url)

    def unit(self, orgnr: str) -> Unit | None:
        """The main unit or sub-unit with this number; None when the register has none."""
        for kind in (MAIN, SUB):
            payload = self._fetch(f"/{kind}/{orgnr}")
            if payload:
                return decode(f"enhetsregisteret {kind}", partial(_unit, payload, is_sub=kind == SUB))
        return None

    def units(self, orgnrs: list[str]) -> list[Unit]:
        """Those of at most MOST_NUMBERS numbers that a search lists. Deleted and removed units are not listed."""
        return [unit for kind in (MAIN, SUB) for unit in self._listed(kind, orgnrs)]

    def updates(self, kind: str, *, first: int | None, since: datetime, size: int) -> list[Update]:
        """Up to `size` entries of the update feed of MAIN or SUB, oldest first, from an id on, or else from a time on.

        Both are included. Each feed counts by itself, and ids have gaps. An answer without entries has no `_embedded`. Pages
        reach no further than the first 10 000 entries, so that the next ones are asked for by id. `endringstype` is not
        read: what the register says of the unit is read instead, in the same way after Ny, Endring, Sletting and Fjernet.
        """
        begin = {"oppdateringsid": str(first)} if first is not None else {"dato": f"{since:%Y-%m-%dT%H:%M:%S.000Z}"}
        reply = self._channel.call("GET", f"/oppdateringer/{kind}", params={**begin, "size": str(size)})
        payload = reply.json()
        return decode(
            reply.where,
            lambda: [
                Update(int(entry["oppdateringsid"]), str(entry["organisasjonsnummer"]))
                for entry in (payload.get("_embedded") or {}).get(UPDATED[kind], [])
            ],
        )

    def _listed(self, kind: str, orgnrs: list[str]) -> list[Unit]:
        params = {"organisasjonsnummer": ",".join(orgnrs), "size": str(len(orgnrs))}
        payload = self._channel.call("GET", f"/{kind}", params=params).json()
        return decode(
            f"enhetsregisteret {kind}",
            lambda: [_unit(u, is_sub=kind == SUB) for u in (payload.get("_embedded") or {}).get(kind, [])],
        )

    def roles(self, orgnr: str) -> list[RoleHolder]:
        payload = self._fetch(f"/enheter/{orgnr}/roller")
        return decode("enhetsregisteret roles", lambda: _roles(payload)) if payload else []

    def search(self, name: str, *, size: int = 10) -> list[Unit]:
        payload = self._channel.call("GET", "/enheter", params={"navn": name, "size": str(size)}).json()
        return decode(
            "enhetsregisteret search", lambda: [_unit(u) for u in (payload.get("_embedded") or {}).get("enheter", [])]
        )

    def _fetch(self, path: str) -> dict[str, Any]:
        try:
            payload: dict[str, Any] = self._channel.call("GET", path).json()
        except Refused as error:
            if error.status in (404, 410):
                return {"organisasjonsnummer": path.split("/")[2], "fjernet": True} if error.status == 410 else {}
            raise
        return payload


def _unit(payload: dict[str, Any], *, is_sub: bool = False) -> Unit:
    postal = payload.get("forretningsadresse") or payload.get("postadresse") or payload.get("beliggenhetsadresse") or {}
    address = ", ".join(
        [*postal.get("adresse", []), f"{postal.get('postnummer', '')} {postal.get('poststed', '')}".strip()]
    )
    return Unit(
        orgnr=str(payload["organisasjonsnummer"]),
        name=one_line(str(payload.get("navn") or "")),
        form=str((payload.get("organisasjonsform") or {}).get("kode", "")),
        address=address.strip(", "),
        language="nn" if str(payload.get("maalform", "")).lower() == "nynorsk" else "nb",
        is_bankrupt=bool(payload.get("konkurs", False)),
        is_closing=bool(payload.get("underAvvikling") or payload.get("underTvangsavviklingEllerTvangsopplosning")),
        is_deleted=bool(payload.get("slettedato")),
        main_unit=str(payload.get("overordnetEnhet") or "") if is_sub else "",
        is_hidden=bool(payload.get("fjernet")),
        is_restructuring=bool(
            payload.get("underRekonstruksjonsforhandlingDato") or payload.get("underRekonstruksjonsforhandling")
        ),
    )


def _roles(payload: dict[str, Any]) -> list[RoleHolder]:
    holders = [role for group in payload.get("rollegrupper", []) for role in group.get("roller", [])]
    return [_role(role) for role in holders if not (role.get("fratraadt") or role.get("avregistrert"))]


def _role(payload: dict[str, Any]) -> RoleHolder:
    unit, person = payload.get("enhet") or {}, (payload.get("person") or {}).get("navn") or {}
    names = [person.get("fornavn"), person.get("mellomnavn"), person.get("etternavn")]
    name = " ".join(filter(None, names)) or " ".join(unit.get("navn") or [])
    return RoleHolder(str(payload["type"]["kode"]), one_line(name), str(unit.get("organisasjonsnummer", "")))
