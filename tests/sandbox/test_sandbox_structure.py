"""Rules for the whole sandbox: junk causes no traceback, unknown paths get a hint, modules are small and independent."""

from __future__ import annotations

import ast
import random
import re
from pathlib import Path

import httpx
import pytest

import portal.sandbox
import portal.sandbox.services  # registers every route before the tests are made from them
from portal.sandbox.routing import ROUTES

from .tax_rig import FEES_SCOPE, SHARES, Rig

SANDBOX = Path(portal.sandbox.__file__).parent
OWN = {"portal", "django", "accounts", "systemusers", "submissions"}
JUNK = [b"", b"{", b"[]", b"null", b"7", b'{"a": {"b": [1, null]}}', b"<a/>", b"\xff\xfe\x00", b"x=1&y=%zz"]
WORDS = ["x", "2025", "310629499", "00000000-0000-4000-8000-000000000000", "%00", "æøå", "..", "a" * 300]
QUERIES = ["", "?page=-1&size=x", "?limit=9999999999999", "?party=%00&serviceResource=", "?navn=%F8", "?=&&a"]


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig()


def calls() -> list[tuple[str, str]]:
    """(method, path pattern) of every route of the sandbox."""
    return sorted({(method, rule.rule) for rule in ROUTES for method in (rule.methods or ()) if method != "HEAD"})


def headers(rig: Rig, draw: random.Random) -> dict[str, str]:
    kind = draw.choice(["application/json", "application/xml", "application/x-www-form-urlencoded", "text/plain"])
    scope = f"{SHARES} {FEES_SCOPE} digdir:dialogporten altinn:authentication/systemregister.write"
    issuer = draw.choice(["", "x", "maskinporten", "altinn"])
    token = "Bearer x" if issuer == "x" else f"Bearer {rig.token(scope, issuer=issuer)}" if issuer else ""
    return {"Content-Type": kind, "Accept": "application/json", "Authorization": token} if token else {"Accept": "*/*"}


def junk_calls(rig: Rig, method: str, pattern: str) -> list[httpx.Response]:
    draw = random.Random(f"{method} {pattern}")
    answers = []
    for _ in range(6):
        path = re.sub(r"<[^>]+>", lambda _: draw.choice(WORDS), pattern) + draw.choice(QUERIES)
        answers.append(rig.http.request(method, path, content=draw.choice(JUNK), headers=headers(rig, draw)))
    return answers


def test_junk_never_causes_a_bug(rig: Rig) -> None:
    answers = [(method, pattern, answer) for method, pattern in calls() for answer in junk_calls(rig, method, pattern)]

    assert answers
    assert [(method, pattern, a.status_code) for method, pattern, a in answers if "X-Sandbox-Bug" in a.headers] == []


def test_an_unknown_path_is_404_and_names_the_nearest_known_one(rig: Rig) -> None:
    response = rig.http.get("/brreg/enhetsregisteret/api/enhetr/310629499")

    assert response.status_code == 404
    assert response.json()["nearest"].startswith("/brreg/enhetsregisteret/api/enheter")


def test_a_wrong_method_is_405_and_names_the_right_ones(rig: Rig) -> None:
    response = rig.http.delete("/brreg/enhetsregisteret/api/enheter")

    assert response.status_code == 405
    assert "GET" in response.json()["methods"]


def test_the_front_page_tells_a_person_where_everything_is(rig: Rig) -> None:
    page = rig.http.get("/").text

    assert all(
        prefix in page for prefix in ("/maskinporten", "/platform", "/am-ui", "/skatteetaten", "/brreg", "/control")
    )


def modules() -> dict[str, str]:
    """Path → source."""
    return {str(path.relative_to(SANDBOX)): path.read_text() for path in sorted(SANDBOX.rglob("*.py"))}


def test_no_module_imports_the_portals_code() -> None:
    imported = {path: roots(ast.parse(source)) & OWN for path, source in modules().items()}

    assert imported
    assert {path: own for path, own in imported.items() if own} == {}


def roots(tree: ast.Module) -> set[str]:
    plain = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    return plain | {
        str(n.module).split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level == 0
    }


def test_files_and_functions_stay_small() -> None:
    lengths = {
        (path, node.name): node.end_lineno - node.lineno + 1
        for path, source in modules().items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    }

    assert lengths
    assert [function for function, length in lengths.items() if length > 50] == []
    assert [path for path, source in modules().items() if len(source.splitlines()) > 400] == []
