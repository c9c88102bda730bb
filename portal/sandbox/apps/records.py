"""The stored data of the imitated apps: plain structs, part of the sandbox's `State` and so of every snapshot."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Element(msgspec.Struct, kw_only=True):
    """One data element. `scanned_at`: the virus scan ends then."""

    id: str
    type: str
    filename: str
    media_type: str
    content: str
    created: datetime
    scanned_at: datetime


class Instance(msgspec.Struct, kw_only=True):
    """An instance of the app. `task` is "data", "confirmation", "feedback" or "" when the process has ended."""

    id: str
    orgnr: str
    vendor: str
    system_user_id: str
    created: datetime
    task: str = "data"
    values: dict[str, str] = {}
    data: list[Element] = []
    deleted: bool = False


class Apps(msgspec.Struct, kw_only=True):
    """All instances by id."""

    instances: dict[str, Instance] = {}
