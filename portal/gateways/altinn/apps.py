"""An app in Altinn: instances, their data and their process. Only an exchanged Altinn token is accepted.

https://docs.altinn.studio/api/apps/ . An app is a service of its own below `https://<owner>.apps.altinn.no/<owner>/<app>`.

Not certain: whether a system user may be the caller, whether it may delete, and whether `dataValues` of our own are kept. Nothing
relies on the last two: an instance whose answer was lost is not found again then, and another one is made, or one that is not
needed stays. An instance delivers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from portal.gateways.decoding import decode
from portal.gateways.errors import BrokenReply, Refused
from portal.gateways.http import Channel, Reply
from portal.gateways.statuses import is_absent

PENDING, INFECTED = "Pending", "Infected"
"""Results of the virus scan beside Clean and NotApplicable."""
DATA, CONFIRMATION = "data", "confirmation"
"""Types of the tasks in which the owner of the instance acts. Later ones are the authority's."""
PATIENCE = 60
MOST_PAGES = 20
_INSTANCE = re.compile(r"[0-9]{1,12}/[0-9a-fA-F-]{36}")
_DATA = re.compile(r"[0-9a-fA-F-]{36}")


@dataclass(frozen=True)
class Element:
    """One data element. `scan` is Altinn's word for the result of the virus scan, "" when there is none."""

    id: str
    type: str
    filename: str = ""
    scan: str = ""
    media_type: str = ""


@dataclass(frozen=True)
class Instance:
    """`id` is `<party>/<uuid>`. `task` is the type of the current task in lower case, "" when the process has ended.

    `created` is Altinn's text, "" when it is missing.
    """

    id: str
    task: str
    has_ended: bool
    is_deleted: bool
    data: tuple[Element, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    created: str = ""

    def named(self, filename: str) -> Element | None:
        return next((element for element in self.data if element.filename == filename), None)


class App:
    """The app below `base_url`; `platform` is where Altinn keeps the instances of all apps."""

    def __init__(self, *, base_url: str, platform: str) -> None:
        self._channel = Channel(service="altinn", base_url=base_url, patience=PATIENCE)
        self._storage = Channel(service="altinn", base_url=f"{platform}/storage/api/v1")

    def instances(self, *, token: str, app: str, orgnr: str) -> list[Instance]:
        """The organisation's instances of the app that are not deleted, as their list shows them."""
        params: dict[str, str] = {"appId": app, "status.isSoftDeleted": "false"}
        owner = {"X-Ai-InstanceOwnerIdentifier": f"Organisation:{orgnr}"}
        found: list[Instance] = []
        for _page in range(MOST_PAGES):
            reply = self._storage.call("GET", "/instances", token=token, params=params, headers=owner)
            rows, following = decode(reply.where, partial(_listed, reply))
            found += rows
            if not following:
                return found
            params = {**params, "continuationToken": following}
        raise BrokenReply("altinn GET /instances: the list does not end")

    def create(self, *, token: str, app: str, orgnr: str, values: Mapping[str, Any]) -> Instance:
        """A new instance, owned by the organisation. A repetition makes another one."""
        body = {"appId": app, "instanceOwner": {"organisationNumber": orgnr}, "dataValues": dict(values)}
        reply = self._channel.call("POST", "/instances", token=token, json=body)
        return decode(reply.where, lambda: _instance(reply.json()))

    def remove(self, *, token: str, instance_id: str) -> None:
        """Delete it as a person does in the inbox: it can be restored there for some time. What is gone already is no error."""
        try:
            self._channel.call("DELETE", f"/instances/{instance_id}", token=token, params={"hard": "false"})
        except Refused as error:
            if not is_absent(error):
                raise

    def read(self, *, token: str, instance_id: str) -> Instance:
        reply = self._channel.call("GET", f"/instances/{instance_id}", token=token)
        return decode(reply.where, lambda: _instance(reply.json()))

    def upload(
        self, *, token: str, instance_id: str, type: str, filename: str, media_type: str, content: bytes
    ) -> Element:
        """A new data element. The file name stands without quotation marks, which the app refuses."""
        headers = {"Content-Type": media_type, "Content-Disposition": f"attachment; filename={filename}"}
        reply = self._channel.call(
            "POST", f"/instances/{instance_id}/data", token=token, params={"dataType": type}, content=content,
            headers=headers,
        )  # fmt: skip
        return decode(reply.where, lambda: _element(reply.json()))

    def download(self, *, token: str, instance_id: str, element_id: str) -> bytes:
        path = f"/instances/{instance_id}/data/{element_id}"
        return self._channel.call("GET", path, token=token, headers={"Accept": "*/*"}).content

    def go_on(self, *, token: str, instance_id: str) -> None:
        """The next task of the process. A repetition goes on once more: never call it without reading the instance first."""
        headers = {"Content-Type": "application/json"}
        self._channel.call("PUT", f"/instances/{instance_id}/process/next", token=token, content=b"", headers=headers)


def _listed(reply: Reply) -> tuple[list[Instance], str]:
    payload = reply.json()
    query = parse_qs(urlsplit(str(payload.get("next") or "")).query)
    return [_instance(row) for row in payload["instances"]], query.get("continuationToken", [""])[0]


def _instance(payload: Any) -> Instance:
    ident = str(payload["id"])
    if not _INSTANCE.fullmatch(ident):
        raise ValueError("an instance with an unexpected id")
    process, status = payload.get("process") or {}, payload.get("status") or {}
    task = process.get("currentTask") or {}
    values = payload.get("dataValues") or {}
    return Instance(
        id=ident,
        task=str(task.get("altinnTaskType") or "").lower(),
        has_ended=bool(process.get("ended")),
        is_deleted=bool(status.get("isSoftDeleted") or status.get("isHardDeleted")),
        data=tuple(_element(row) for row in payload.get("data") or ()),
        values={str(key): str(value) for key, value in values.items()} if isinstance(values, dict) else {},
        created=str(payload.get("created") or ""),
    )


def _element(payload: Any) -> Element:
    ident = str(payload["id"])
    if not _DATA.fullmatch(ident):
        raise ValueError("a data element with an unexpected id")
    return Element(
        ident,
        str(payload.get("dataType") or ""),
        str(payload.get("filename") or ""),
        str(payload.get("fileScanResult") or ""),
        str(payload.get("contentType") or ""),
    )
