"""Reads a body of JSON. What cannot be written as UTF-8 again is refused here, for every field of every call, at its field.

https://www.rfc-editor.org/rfc/rfc8259#section-8
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from django.http import HttpRequest
from ninja.parser import Parser
from ninja.types import DictStrAny

from portal.api.problems import Problem
from portal.api.validation import TEXTS

HALF = re.compile(r"[\ud800-\udfff]")
"""Half of a character outside of the first 65 536: no text has one alone, but JSON can write it."""
MAY_HAVE_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class Reader(Parser):
    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """Raises ValueError or RecursionError for what is no JSON in UTF-8, and Problem."""
        text = request.body.decode("utf-8-sig")
        value = json.loads(text)
        if MAY_HAVE_HALF.search(text) and (path := _half_in(value)) is not None:
            kind = "string_unicode"
            raise Problem("INVALID", errors=[{"field": path, "code": kind, "message": str(TEXTS[kind])}])
        return cast("DictStrAny", value)


def _half_in(value: Any) -> str | None:
    """Where a text has half a character: `rows.3.name`, or what has the member of such a name. None: nowhere."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, str) and HALF.search(each):
            return ".".join(path) or "body"
        if isinstance(each, dict):
            if any(HALF.search(name) for name in each):
                return ".".join(path) or "body"
            waiting += [((*path, name), member) for name, member in each.items()]
        if isinstance(each, list):
            waiting += [((*path, str(number)), member) for number, member in enumerate(each)]
    return None
