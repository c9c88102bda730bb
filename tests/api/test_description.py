"""The description of the API: checked in, true, with an example for each call that fits it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator

from accounts.models import Scope, User, Vendor
from portal.api.api import api
from portal.api.examples import EXAMPLES
from portal.management.commands.openapi import PATH

SCHEMA: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
OPERATIONS = {
    details["operationId"]: (method, path, details)
    for path, methods in SCHEMA["paths"].items()
    for method, details in methods.items()
}
SAMPLE = {
    "{orgnr}": "310987654", "{reference}": "00000000-0000-4000-8000-000000000000", "{id}": "1", "{service}": "innrapportering-bsu",
}  # fmt: skip
FILES = {"get_document", "get_evidence", "get_answer_file"}


def test_what_is_checked_in_is_what_the_code_says() -> None:
    call_command("openapi", check=True)


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere() -> None:
    references = {text.split('"')[0] for text in json.dumps(SCHEMA).split('"$ref": "')[1:]}

    assert SCHEMA["openapi"] == "3.1.0"
    assert references
    for reference in references:
        part: Any = SCHEMA
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_each_address_answers_every_method_that_the_description_has(client: Client) -> None:
    """Two sets of calls with one address would hide each other."""
    for path, methods in SCHEMA["paths"].items():
        address = re.sub(r"\{\w+\}", lambda name: SAMPLE[name[0]], path)
        reply = client.patch(address)
        assert (reply.status_code, reply.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert set(reply["Allow"].lower().split(", ")) == set(methods)


def test_every_call_but_for_the_token_has_a_scope_and_says_what_can_go_wrong() -> None:
    known = set(Scope.values)
    for ident, (method, _path, details) in OPERATIONS.items():
        if ident == "get_token":
            continue
        scopes = details["security"][0]["OAuth2"]
        assert set(scopes) < known, ident
        assert {"401", "403", "404", "422", "429"} < set(details["responses"]), ident
        assert scopes[0].endswith(":read") == (method == "get"), ident


def test_every_post_takes_a_key() -> None:
    without = [
        ident
        for ident, (method, _path, details) in OPERATIONS.items()
        if method == "post" and "Idempotency-Key" not in [each["name"] for each in details["parameters"]]
    ]

    assert without == ["get_token"]


def test_every_call_has_an_example_of_what_is_sent_and_answered() -> None:
    for ident, (_method, _path, details) in OPERATIONS.items():
        wanted = {status for status in details["responses"] if status < "300"} - ({"200"} if ident in FILES else set())
        wanted |= {"body"} if "requestBody" in details else set()
        assert set(EXAMPLES.get(ident, {})) == wanted, ident


@pytest.mark.parametrize("ident", EXAMPLES)
def test_an_example_fits_what_it_is_an_example_of(ident: str) -> None:
    _method, _path, details = OPERATIONS[ident]
    for name, value in EXAMPLES[ident].items():
        content = details["requestBody"]["content"] if name == "body" else details["responses"][name]["content"]
        schema = {**next(iter(content.values()))["schema"], "components": SCHEMA["components"]}
        errors = [error.message for error in Draft202012Validator(schema).iter_errors(value)]
        assert errors == [], (ident, name)


def test_it_is_served_to_everybody_and_its_page_to_staff(client: Client, administrator: User, vendor: Vendor) -> None:
    stranger = client.get("/api/v1/openapi.json"), client.get("/api/v1/docs/")
    client.force_login(administrator)
    page = client.get("/api/v1/docs/")

    assert (stranger[0].json(), stranger[1].status_code) == (json.loads(json.dumps(api().get_openapi_schema())), 302)
    assert page.status_code == 200
    assert all(f'id="{ident}"' in page.text for ident in OPERATIONS)
    assert "<script" not in page.text.replace('<script src="/static/', "")
