"""The stored form of access packages and resources: plain structs, part of the sandbox's `State`."""

from __future__ import annotations

import msgspec

PREFIX = "urn:altinn:accesspackage:"


class Package(msgspec.Struct, kw_only=True, frozen=True):
    code: str
    use: str
    titles: dict[str, str]

    @property
    def urn(self) -> str:
        return PREFIX + self.code

    @property
    def name(self) -> str:
        return self.titles["nb"]

    @property
    def assignable(self) -> bool:
        return "s" in self.use

    @property
    def delegable(self) -> bool:
        return "a" in self.use


class Resource(msgspec.Struct, kw_only=True, frozen=True):
    id: str
    titles: dict[str, str]
    kind: str = "GenericAccessResource"
    delegable: bool = True
    org: str = "skd"
    packages: tuple[str, ...] = ()
    allows_subscribe: bool = True
    minimum_level: int = 3
    parts: tuple[str, ...] = ()  # sub-resources and other attributes that rules of the policy name

    @property
    def title(self) -> str:
        return self.titles["nb"]
