"""What our gateway asks of Dialogporten, held against the published OpenAPI document of `@digdir/dialogporten-schema`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from jsonschema import Draft4Validator

from portal.gateways import http
from portal.gateways.dialogporten import Dialogporten
from tests.gateways.remote import Remote
from tests.sandbox.test_dialogporten_schema import published

GATEWAY = Dialogporten(platform="https://platform.test")
BASE, DIALOG = "/api/v1/enduser/dialogs", "/api/v1/enduser/dialogs/{dialogId}"
IDENT = "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11"
AT = datetime(2026, 8, 20, 6, tzinfo=UTC)


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Remote:
    scripted = Remote()
    monkeypatch.setattr(http, "TRANSPORT", scripted)
    return scripted


def operation(path: str, method: str) -> dict[str, Any]:
    result: dict[str, Any] = published()["paths"][path][method]
    return result


def fits(schema: dict[str, Any], value: Any) -> bool:
    return not list(Draft4Validator({**schema, "components": published()["components"]}).iter_errors(value))


def asked(remote: Remote, path: str, method: str) -> httpx.Request:
    """The latest request, which must have the method and path of the operation and headers it knows."""
    sent = remote.asked
    assert (sent.method.lower(), sent.url.path) == (method, f"/dialogporten{path.format(dialogId=IDENT)}")
    known = {p["name"].lower() for p in operation(path, method).get("parameters", []) if p["in"] == "header"}
    assert {name for name in sent.headers if name.startswith("if-")} <= known
    return sent


def test_a_search_uses_known_parameters_with_fitting_values(remote: Remote) -> None:
    remote.says({"items": [], "hasNextPage": False})

    GATEWAY.search(
        token="a.b.c", order_by="updatedAt_asc", limit=1000, parties=["p1", "p2"], service_resources=["r1", "r2"],
        continuation_token="updatedat_x,id_y", updated_after=AT, updated_before=AT, content_updated_after=AT,
        content_updated_before=AT, external_reference="r",
    )  # fmt: skip

    sent = parse_qsl(asked(remote, BASE, "get").url.query.decode())
    known = {p["name"]: p["schema"] for p in operation(BASE, "get")["parameters"] if p["in"] == "query"}
    assert len({name for name, _value in sent}) == 10
    for name, value in sent:
        schema = known[name].get("items", known[name])
        assert fits(schema, int(value) if schema.get("type") == "integer" else value), (name, value)


def test_labels_are_a_fitting_body(remote: Remote) -> None:
    remote.says(b"", status=204, etag=IDENT)
    path = f"{DIALOG}/context/systemlabels"

    GATEWAY.set_labels(IDENT, token="a.b.c", add=["Archive"], remove=["MarkedAsUnopened"], revision=IDENT)

    sent = asked(remote, path, "put")
    [(media_type, body)] = operation(path, "put")["requestBody"]["content"].items()
    assert sent.headers["content-type"] == media_type
    assert fits(body["schema"], httpx.Response(200, content=sent.content).json())
    assert not fits(body["schema"], {"addLabels": ["Nothing"]})


@pytest.mark.parametrize("part", ["transmissions", "activities"])
def test_parts_are_read_at_their_published_place(remote: Remote, part: str) -> None:
    remote.says([])

    getattr(GATEWAY, part)(IDENT, token="a.b.c")

    assert asked(remote, f"{DIALOG}/{part}", "get").url.query == b""
