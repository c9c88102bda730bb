"""The rig for tests of the imitated Dialogporten and Events: a customer with a system user, and a service owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from portal.sandbox.webhooks import pump

from .altinn_rig import FEES, NOW, SCOPES, SHARES, K, Rig, rar, rights

D = "/platform/dialogporten/api/v1"
E = "/platform/events/api/v1"
DIALOGS = f"{D}/enduser/dialogs"
ORGANISATION = "urn:altinn:organization:identifier-no:"
PARTY = ORGANISATION + K
URN = "urn:altinn:resource:"
LOCKED, CLOSED = "skd-skjermet", "ske-utleggsbegjaering"
READ, FOLLOW = "digdir:dialogporten", "altinn:events.subscribe"
HOOK = "https://hook.example.no/altinn/7fK2"


class DialogRig(Rig):
    """K's system user holds three services: one open, one above its level, one without `subscribe`."""

    def __init__(self) -> None:
        super().__init__()
        held = rights(SHARES, LOCKED, CLOSED)
        self.add_client("V", scopes=[*SCOPES, READ, FOLLOW])
        self.register(rights=[*held, *rights(FEES)])
        self.user = self.approved(rights=held)
        self.settings(rights_cache_seconds=0)
        self.tokens: dict[Any, str] = {}
        self.hooks: list[tuple[str, dict[str, Any]]] = []
        self.answer = 200

    def settings(self, **changes: Any) -> None:
        self.control("settings", changes, method="PATCH")

    def as_user(self, scope: str = f"{READ} {FOLLOW}", orgnr: str = K) -> dict[str, str]:
        """The header of a call as the system user of `orgnr`; a token is kept until the clock moves."""
        key = (scope, orgnr, self.app.clock.now())
        if key not in self.tokens:
            self.tokens[key] = self.token(scope, authorization_details=rar(orgnr))
        return {"Authorization": f"Bearer {self.tokens[key]}"}

    def as_follower(self, scope: str = f"{READ} {FOLLOW}", orgnr: str = K) -> dict[str, str]:
        """The same with an exchanged token, which Events wants."""
        raw = self.as_user(scope, orgnr)["Authorization"].removeprefix("Bearer ")
        return {"Authorization": f"Bearer {self.exchange(raw).text.strip(chr(34))}"}

    def get(self, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        return self.http.get(path, headers={**self.as_user(), **(headers or {})}, **more)

    def search(self, *, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        """K's dialogs, unless the query says whose."""
        body = {"party": PARTY, **query} if "serviceResource" not in query else query
        wanted = {name: value for name, value in body.items() if value is not None}
        return self.get(DIALOGS, headers, params=wanted)

    def search_ids(self, **query: Any) -> list[str]:
        response = self.search(**query)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["items"]]

    def open(self, title: str = "Brev", *, orgnr: str = K, resource: str = SHARES, **fields: Any) -> str:
        """The id of a new dialog."""
        body = {"orgnr": orgnr, "service_resource": URN + resource, "title": title, **fields}
        return str(self.control("dialogs", body)["id"])

    def open_many(self, count: int) -> list[str]:
        """Ids, oldest first, a minute apart."""
        made = []
        for number in range(count):
            made.append(self.open(f"Brev {number}"))
            self.pass_time(60)
        return made

    def change(self, ident: str, **changes: Any) -> None:
        self.control(f"dialogs/{ident}", changes, method="PATCH")

    def add(self, ident: str, part: str, **fields: Any) -> str:
        return str(self.control(f"dialogs/{ident}/{part}", fields)["id"])

    def pass_time(self, seconds: float) -> None:
        self.app.clock.advance(seconds)

    def item(self, ident: str) -> dict[str, Any]:
        """The dialog as a search shows it: without marking it as seen."""
        return next(i for i in self.search(limit=1000).json()["items"] if i["id"] == ident)

    def labels(self, ident: str, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        payload = {**self.as_user(), **(headers or {})}
        return self.http.put(f"{DIALOGS}/{ident}/context/systemlabels", json=body, headers=payload)

    def subscribe(self, *, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        standard = {"endPoint": HOOK, "resourceFilter": URN + SHARES, "subjectFilter": PARTY}
        payload = headers or self.as_follower()
        return self.http.post(f"{E}/subscriptions", json={**standard, **changes}, headers=payload)

    def subscribed(self, **changes: Any) -> int:
        """The id of a validated subscription; what was sent to validate it is forgotten."""
        ident = int(self.subscribe(**changes).json()["id"])
        self.deliver()
        self.hooks.clear()
        return ident

    def deliver(self) -> int:
        """Send what is due to the webhooks, which answer `answer`."""

        def take(url: str, body: bytes, headers: dict[str, str]) -> int:
            assert headers == {"Content-Type": "application/json; charset=utf-8"}  # and no signature
            self.hooks.append((url, httpx.Response(200, content=body).json()))
            return self.answer

        return pump(self.app, take)

    def kinds(self) -> list[str]:
        """What the webhooks got, in short."""
        self.deliver()
        return [body["type"].removeprefix("dialogporten.dialog.").removesuffix(".v1") for _url, body in self.hooks]

    def published(self) -> list[str]:
        """What Events got since the start, in short."""
        return [e["type"].removeprefix("dialogporten.dialog.").removesuffix(".v1") for e in self.app.state.events]


def later(**delta: float) -> str:
    """A time after that of the frozen clock, as ISO text."""
    return (NOW + timedelta(**delta)).isoformat()


def errors(response: httpx.Response) -> tuple[int, list[str]]:
    """Status and keys of a problem, which must have the right title and type."""
    titles = {
        400: "One or more validation errors occurred.", 403: "Forbidden.", 404: "Resource not found.",
        406: "Requested content type is not acceptable.", 410: "Resource no longer available.",
        412: "Precondition failed.", 422: "Unprocessable request.",
    }  # fmt: skip
    body = response.json()
    assert response.headers["content-type"].startswith("application/problem+json"), response.headers
    assert (body["status"], body["title"]) == (response.status_code, titles[response.status_code])
    assert body["instance"].startswith("/api/v1/")
    return response.status_code, sorted(body.get("errors", {}))


@pytest.fixture
def dialogs() -> DialogRig:
    return DialogRig()
