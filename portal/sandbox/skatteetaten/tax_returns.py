"""The tax return of organisations: the current one, and the control of a new one. XML in and out.

Its error bodies are not published: a refusal has a status and an empty body here. Known to differ: the control looks at the
envelope only, a reference to the current document may be left out, and a document whose content has the word
`sandkasse-feil` in clear text gets an avvik.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from xml.etree import ElementTree

from werkzeug.wrappers import Response

from ..altinn import rights
from ..kernel import Call
from ..replies import Reply, empty
from ..routing import route
from ..state import SystemUser
from ..tokens import BadToken, Token, read_token
from .catalogue import TAX_RETURN

BASE = "/skatteetaten/api/skattemelding/v2"
REQUEST_SPACE = "no:skatteetaten:fastsetting:formueinntekt:skattemeldingognaeringsspesifikasjon:request:v2"
FORM = "skattemeldingUpersonlig"
WRONG_WORD = b"sandkasse-feil"
MOST_BYTES = 25 * 2**20


@route("GET", f"{BASE}/ping")
def ping(call: Call) -> Response:
    return Response('{"ping": "pong"}', content_type="application/json")


@route("GET", f"{BASE}/<year>/<orgnr>")
def current(call: Call, year: str, orgnr: str) -> Response:
    _may(call, year, orgnr)
    content = base64.b64encode(f"<skattemelding><inntektsaar>{year}</inntektsaar></skattemelding>".encode()).decode()
    return _xml(
        '<skattemeldingOgNaeringsspesifikasjonforespoerselResponse xmlns="no:skatteetaten:fastsetting:formueinntekt:'
        'skattemeldingognaeringsspesifikasjon:forespoersel:response:v2"><dokumenter><skattemeldingdokument>'
        f"<id>{current_id(year, orgnr)}</id><encoding>utf-8</encoding><content>{content}</content>"
        "<type>skattemeldingUpersonligUtkast</type></skattemeldingdokument></dokumenter>"
        "</skattemeldingOgNaeringsspesifikasjonforespoerselResponse>"
    )


@route("POST", f"{BASE}/valider/<year>/<orgnr>")
def control(call: Call, year: str, orgnr: str) -> Response:
    _may(call, year, orgnr)
    content = call.request.get_data()
    if call.request.mimetype != "application/xml":
        return empty(status=415)
    if len(content) > MOST_BYTES:
        return empty(status=413)
    root = envelope(content)
    if root is None:
        return empty(status=400)
    faults = faults_of(root, year, orgnr)
    avvik = "".join(f"<avvik><avvikstype>{code}</avvikstype><sti>{path}</sti></avvik>" for code, path in faults)
    group = f"<avvikVedValidering>{avvik}</avvikVedValidering>" if faults else ""
    result = "validertMedFeil" if faults else "validertOK"
    return _xml(
        '<skattemeldingOgNaeringsspesifikasjonResponse xmlns="no:skatteetaten:fastsetting:formueinntekt:'
        f'skattemeldingognaeringsspesifikasjon:response:v2">{group}'
        f"<resultatAvValidering>{result}</resultatAvValidering></skattemeldingOgNaeringsspesifikasjonResponse>"
    )


def current_id(year: str, orgnr: str) -> str:
    """The id of the document that stands, the same at every look."""
    digest = int(hashlib.sha256(f"{year}|{orgnr}".encode()).hexdigest()[:8], 16)
    return f"SKI:755:{digest % 10**9}"


def envelope(content: bytes) -> ElementTree.Element | None:
    """The request; None for other documents."""
    try:
        root = ElementTree.fromstring(content) if b"<!" not in content else None  # noqa: S314 - no doctype
    except ElementTree.ParseError:
        return None
    wanted = f"{{{REQUEST_SPACE}}}skattemeldingOgNaeringsspesifikasjonRequest"
    return root if root is not None and root.tag == wanted else None


def faults_of(root: ElementTree.Element, year: str, orgnr: str) -> list[tuple[str, str]]:
    """(avvikstype, sti) of what is wrong with the envelope."""
    found: list[tuple[str, str]] = []
    if FORM not in texts(root, "type"):
        found.append(("manglerSkattemelding", "dokumenter"))
    if texts(root, "inntektsaar")[:1] != [year]:
        found.append(("ulikInntektsaar", "inntektsaar"))
    if any(stated != current_id(year, orgnr) for stated in texts(root, "dokumentidentifikator")):
        found.append(("ikkeGjeldendeDokument", "dokumentreferanseTilGjeldendeDokument/dokumentidentifikator"))
    contents = [decoded(text) for text in texts(root, "content")]
    found += [("kontrollavvik", "skattemelding/inntektOgUnderskudd") for text in contents if WRONG_WORD in text]
    return found


def texts(root: ElementTree.Element, name: str) -> list[str]:
    return [(each.text or "").strip() for each in root.iter(f"{{{REQUEST_SPACE}}}{name}")]


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def caller(call: Call, *, issuer: str, scope: str) -> tuple[Token, SystemUser]:
    """A system user's token of this issuer with the scope. 401 and 403 have empty bodies."""
    try:
        token = read_token(call, issuers=(issuer,), leeway=0)
    except BadToken:
        raise Reply(empty(status=401)) from None
    user = rights.system_user_of(call.state, token) if token.system_user_id else None
    if scope not in token.scopes or user is None:
        raise Reply(empty(status=403))
    return token, user


def _may(call: Call, year: str, orgnr: str) -> None:
    _token, user = caller(call, issuer="maskinporten", scope=TAX_RETURN.scope)
    if not (year.isdecimal() and call.state.settings.first_year <= int(year) <= call.state.settings.last_year):
        raise Reply(empty(status=404))
    if not rights.may_use(call.state, user, resource_id=TAX_RETURN.resource, party_orgnr=orgnr, now=call.now):
        raise Reply(empty(status=403))


def _xml(text: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{text}', content_type="application/xml")
