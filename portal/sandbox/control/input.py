"""Validation of the input to `/control`: wrong input gets a 400 with a sentence that names the field.

Every control call reads its body through `read`.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from ..kernel import Call
from ..orgnr import is_orgnr
from ..replies import Reply, as_json

Body = TypeVar("Body", bound=msgspec.Struct)


def read(call: Call, kind: type[Body]) -> Body:
    """The JSON body as `kind`; an empty body counts as `{}`. Raises Reply (400)."""
    raw = call.request.get_data() or b"{}"
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        field, sentence = _explained(str(error))
        raise wrong(sentence, field=field) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise wrong("The body is not JSON.") from None


def wrong(sentence: str, field: str = "", status: int = 400) -> Reply:
    """To raise: a refusal with its reason."""
    return Reply(as_json({"error": sentence, "field": field}, status=status))


def not_found(what: str, ident: str) -> Reply:
    """To raise: no object has this id."""
    return wrong(f"No {what} has the id {ident[:80]}.", status=404)


def check_orgnr(orgnr: str, field: str = "orgnr") -> None:
    """Raises Reply (400)."""
    if not is_orgnr(orgnr):
        raise wrong(f"{field}: {orgnr[:20]!r} is not an organisation number with a right check digit.", field=field)


def _explained(message: str) -> tuple[str, str]:
    """msgspec's message as (field, sentence): "Expected `int`, got `str` - at `$.seconds`" and the like."""
    text, _, pointer = message.partition(" - at ")
    path = pointer.strip("`").removeprefix("$").lstrip(".")
    named = re.search(r"field `([^`]+)`", text)
    field = ".".join(part for part in (path, named[1] if named else "") if part)
    subject = f"{field}: " if field and not named else ""
    return field, f"{subject}{text.replace('`', '')}."
