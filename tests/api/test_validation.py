"""Whatever is wrong with a field is said in the reader's language: of each schema that the API has, and each kind of error it can give."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation
from pydantic_core import SchemaError, SchemaValidator, ValidationError

from portal.api.api import api
from portal.api.validation import GENERAL, invalid
from tests.api.erp import Erp

BAD: list[Any] = [
    None, "", "x", "x" * 60_000, "\ud800", "\0", "12a", "9" * 5_000, "-1-1-1T", "T", "-1", 0, 10**30, -(10**30), 1.5, 1e20, 1e300, math.nan,
    math.inf, True, [], {}, ["x"], [{}], {"x": 1}, ["x"] * 60_000, "2026-13-01", "2026-11-23", "2026-11-23T09:00:00",
    "2026-11-23T09:00:00.5", "0001-01-01T00:00:00+10:00", "1800-01-01", "2300-01-01", "2300-01-01T00:00:00Z",
]  # fmt: skip
"""What callers send where something else belongs: each is given to each schema."""
NAMED = {"bool", "date", "datetime", "int", "list", "literal", "model", "str", "uuid"}


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Of all parameters and bodies, and of each of their fields, with where it stands: body, query, file …"""
    for _path, router in api()._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                for model in operation.models:
                    source = model.__ninja_param_source__
                    yield from ((source, part) for part in _within(model.__pydantic_core_schema__))


def _within(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if isinstance(part.get("type"), str) and not part["type"].endswith(("-field", "-info", "-fields")):
            yield part
        for name, inner in part.items():
            if name != "serialization":
                yield from _within(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _within(inner)


def errors_of(schema: Any) -> Iterator[dict[str, Any]]:
    try:
        validator = SchemaValidator(schema)
    except SchemaError:
        return
    for value in BAD:
        try:
            validator.validate_python(value)
        except ValidationError as error:
            yield from error.errors(include_url=False)  # type: ignore[misc]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_each_kind_of_error_that_a_schema_can_give_has_a_text_of_its_own(language: str) -> None:
    unnamed, english, tried = set(), set(), set()
    with translation.override(language):
        for source, schema in {repr(each): each for each in schemas()}.values():
            tried.add(schema["type"])
            for error in errors_of(schema):
                (told,) = invalid([{**error, "loc": (source, *error["loc"])}]).errors
                if told["message"] == str(GENERAL):
                    unnamed.add((error["type"], source))
                if told["message"] == error["msg"] and "text" not in error.get("ctx", {}):
                    english.add((error["type"], source))

    assert (unnamed, english) == (set(), set())
    assert tried >= NAMED


def test_what_a_library_says_stays_with_us() -> None:
    given = [
        {"type": "value_error", "loc": ("body", "x"), "msg": "Value error, no way", "ctx": {"error": "no way"}},
        {"type": "some_new_kind", "loc": ("body", "x"), "msg": "Input should be nice"},
    ]

    assert [each["message"] for each in invalid(given).errors] == [str(GENERAL)] * 2


def test_the_field_says_what_it_should_be(erp: Erp) -> None:
    def messages(reply: Any) -> list[str]:
        assert reply.status_code == 422
        return [each["message"] for each in reply.json()["errors"]]

    asked = {"orgnr": "310987654", "profile": "first"}

    assert messages(erp.post("/accesses", asked)) == ["Skal være et heltall."]
    assert messages(erp.get("/accesses", {"changed_after": "2026-11-23T09:00:00"})) == [
        "Tiden mangler tidssone. Skriv den som 2026-11-23T09:00:00Z."
    ]
    assert messages(erp.put("/customers/310987654", {"name": "A", "language": "sv"})) == [
        "Skal være en av: nb, nn, en."
    ]
    assert "Feltet mangler." in messages(erp.upload("/submissions/files", []))


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/customers/bulk", '{"rows": [{"orgnr": "310987654", "name": "A"}, {"orgnr": "\\ud800"}]}', "rows.1.orgnr"),
        ("/accesses/bulk", '{"orgnrs": ["\\uDFFF"], "profile": 1}', "orgnrs.0"),
        ("/submissions/validate", '{"files": [{"name": "a", "text": "\\ud83d"}]}', "files.0.text"),
        ("/submissions/validate", '{"files": [{"name": "a", "content": {"a": {"\\ud83d": 1}}}]}', "files.0.content.a"),
    ],
)
def test_half_a_character_is_refused_at_its_field(erp: Erp, path: str, body: str, field: str) -> None:
    reply = erp.post(path, body)

    assert reply.status_code == 422
    assert reply.json()["errors"] == [
        {"field": field, "code": "string_unicode", "message": "Teksten har et tegn som ikke kan brukes."}
    ]


def test_whole_characters_are_read_however_they_are_written(erp: Erp) -> None:
    reply = erp.put("/customers/310987654", '{"name": "Fjord \\ud83c\\udf0a \\u00e6 æ"}')

    assert (reply.status_code, reply.json()["name"]) == (201, "Fjord 🌊 æ æ")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_a_body_that_is_not_in_utf_8_is_not_read(erp: Erp, encoding: str) -> None:
    reply = erp.put("/customers/310987654", '{"name": "Æ"}'.encode(encoding))

    assert (reply.status_code, reply.json()["code"]) == (400, "BAD_REQUEST")
