"""Enhetsregisteret's open API: who an organisation is. No key. https://data.brreg.no/enhetsregisteret/api/dokumentasjon

Synthetic test organisations are not in it; that is an answer (None), not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from portal.gateways.errors import Refused
from portal.gateways.http import Door
from portal.gateways.reading import reading


@dataclass(frozen=True)
class Unit:
    """An organisation. `language` is its written norm, nb or nn; `main_unit` is set on a sub-unit."""

    orgnr: str
    name: str
    form: str
    address: str
    language: str
    is_bankrupt: bool
    is_closing: bool
    is_deleted: bool
    main_unit: str


@dataclass(frozen=True)
class RoleHolder:
    """A person or unit with a public role: DAGL, LEDE, REGN, REVI ... Names only; birth dates are left where they are."""

    role: str
    name: str
    orgnr: str


class Enhetsregisteret:
    def __init__(self, *, base_url: str) -> None:
        self._door = Door(service="enhetsregisteret", base_url=base_url)

    def unit(self, orgnr: str) -> Unit | None:
        """The main unit or sub-unit with this number; None when the register has none."""
        for kind in ("enheter", "underenheter"):
            said = self._said(f"/{kind}/{orgnr}")
            if said:
                return reading(f"enhetsregisteret {kind}", partial(_unit, said))
        return None

    def roles(self, orgnr: str) -> list[RoleHolder]:
        said = self._said(f"/enheter/{orgnr}/roller")
        return reading("enhetsregisteret roles", lambda: _roles(said)) if said else []

    def search(self, name: str, *, size: int = 10) -> list[Unit]:
        said = self._door.call("GET", "/enheter", params={"navn": name, "size": str(size)}).json()
        return reading(
            "enhetsregisteret search", lambda: [_unit(u) for u in (said.get("_embedded") or {}).get("enheter", [])]
        )

    def _said(self, path: str) -> dict[str, Any]:
        try:
            said: dict[str, Any] = self._door.call("GET", path).json()
        except Refused as error:
            if error.status in (404, 410):
                return {"organisasjonsnummer": path.split("/")[2], "slettedato": "-"} if error.status == 410 else {}
            raise
        return said


def _unit(said: dict[str, Any]) -> Unit:
    place = said.get("forretningsadresse") or said.get("postadresse") or said.get("beliggenhetsadresse") or {}
    address = ", ".join(
        [*place.get("adresse", []), f"{place.get('postnummer', '')} {place.get('poststed', '')}".strip()]
    )
    return Unit(
        orgnr=str(said["organisasjonsnummer"]),
        name=str(said.get("navn", "")),
        form=str((said.get("organisasjonsform") or {}).get("kode", "")),
        address=address.strip(", "),
        language="nn" if str(said.get("maalform", "")).lower() == "nynorsk" else "nb",
        is_bankrupt=bool(said.get("konkurs", False)),
        is_closing=bool(said.get("underAvvikling") or said.get("underTvangsavviklingEllerTvangsopplosning")),
        is_deleted=bool(said.get("slettedato")),
        main_unit=str(said.get("overordnetEnhet") or ""),
    )


def _roles(said: dict[str, Any]) -> list[RoleHolder]:
    holders = [role for group in said.get("rollegrupper", []) for role in group.get("roller", [])]
    return [_role(role) for role in holders if not (role.get("fratraadt") or role.get("avregistrert"))]


def _role(said: dict[str, Any]) -> RoleHolder:
    unit, person = said.get("enhet") or {}, (said.get("person") or {}).get("navn") or {}
    names = [person.get("fornavn"), person.get("mellomnavn"), person.get("etternavn")]
    name = " ".join(filter(None, names)) or " ".join(unit.get("navn") or [])
    return RoleHolder(str(said["type"]["kode"]), name, str(unit.get("organisasjonsnummer", "")))
