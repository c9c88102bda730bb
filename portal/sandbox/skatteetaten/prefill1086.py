"""The report of the year before, as a start for this year's: GET prefill of RF-1086.

Its page prints one example: the answer's fields, and forms with two namespace prefixes, another etatid, the share class
`ordinaer` and the year asked for. The size of a page, the order of the forms and the code of its 404 are the sandbox's own.
"""

from __future__ import annotations

import re

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import as_json
from ..routing import route
from . import checks, urls
from .catalogue import RF1086
from .errors import refuse, refuse_detail
from .records import Submission

PAGE = 50
STATUS = {"accepted": "GODKJENT", "warning": "GODKJENT", "rejected": "AVVIST"}
PREFIXES = 'xmlns:brreg="http://www.brreg.no/or" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
NAMESPACES = {"890": "hovedskjema", "923": "underskjema"}


@route("GET", f"{urls.base(RF1086.id)}/prefill/<year>/<orgnr>")
def prefill(call: Call, year: str, orgnr: str) -> Response:
    """404 when the year before has no report with a verdict."""
    checks.accepts_json(call, RF1086)
    _, system_user = checks.caller(call, RF1086)
    checks.may_report(call, RF1086, system_user, party=orgnr)
    checks.year_is_open(call, RF1086, year)
    checks.known_party(call, RF1086, orgnr, sti="oppgavegiver")
    page = call.request.args.get("page", "0")
    if not (page.isdecimal() and len(page) < 9):
        raise refuse_detail(call, "1022", "page må være et heltall fra 0", sti="page", value=page)
    last = _latest(call, str(int(year) - 1), orgnr)
    if last is None or last.feedback is None:
        raise refuse(call, "021")
    start = int(page) * PAGE
    return as_json(
        {
            "totalItems": len(last.content),
            "totalPages": -(-len(last.content) // PAGE),
            "currentPage": int(page),
            "oppgaveStatus": STATUS[last.feedback.verdict],
            "dokumenter": [_document(xml, year) for xml in last.content[start : start + PAGE]],
        }
    )


def _latest(call: Call, year: str, orgnr: str) -> Submission | None:
    """The newest report of a year that has a verdict."""
    mine = [
        submission
        for submission in call.state.skatteetaten.submissions.values()
        if (submission.service, submission.period, submission.orgnr) == (RF1086.id, year, orgnr) and submission.feedback
    ]
    return max(mine, key=lambda submission: submission.created, default=None)


def _document(xml: str, year: str) -> dict[str, str]:
    number = re.search(r'skjemanummer="(\d+)"', xml)
    changed = re.sub(r"<Skjema\b", f"<Skjema {PREFIXES}", xml, count=1)
    changed = re.sub(r'etatid="\d+"', 'etatid="999999999"', changed)
    changed = re.sub(r"(<AksjeType-datadef-17659[^>]*>)[^<]*", r"\g<1>ordinaer", changed)
    changed = re.sub(r"(<Inntektsar-datadef-692[^>]*>)[^<]*", rf"\g<1>{year}", changed)
    return {
        "aksjeklasse": "ordinaer",
        "namespace": NAMESPACES.get(number[1] if number else "", ""),
        "dokument": changed,
    }
