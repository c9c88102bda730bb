"""Events that stand on both forms, with their times: what the company did, and what each shareholder got or gave up by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from submissions.adapters.rf1086.controls.codes import CODES
from submissions.adapters.rf1086.parsing import Form, Kind, text_of

_MAIN = {
    "AksjeUtbytteTidspunkt-datadef-17667": "8",
    "AksjerNyutstedteStiftelseMvTidspunkt-datadef-17671": "9",
    "AksjerNyutstedteFondsemisjonMvTidspunkt-datadef-17680": "10",
    "AksjerSlettedeLividasjonMvTidspunkt-datadef-17692": "11",
    "AksjerSlettedeSpleisMvTidspunkt-datadef-17696": "12",
    "AksjerOverkursNedsettelseTidspunkt-datadef-17708": "13",
    "AksjeNyemisjonTidspunkt-datadef-17716": "15",
    "AksjeNedsettelseTidspunkt-datadef-17725": "17",
}
"""The post of each time on the main form."""
_PART = {
    "AksjerUtbytteTidspunkt-datadef-17769": "8",
    "AksjerErvervsdato-datadef-17746": "9",
    "AksjerTilgangFondsemisjonMvTidspunkt-datadef-17750": "10",
    "AksjerArvMvOmsattTidspunkt-datadef-17754": "11",
    "AksjerSpleisMvTidspunkt-datadef-17759": "12",
    "OverkursTilbakebetaltTidspunkt-datadef-17766": "13",
    "AksjeNyemisjonTidspunktAksjonar-datadef-22075": "15",
    "AksjeTilbakebetaltTidspunkt-datadef-17763": "17",
}
"""The main form's post of the same event, by the time on the sub-form."""
_TYPES = {"9": "AksjeErvervType-datadef-17745", "11": "AksjerArvMvOmsattType-datadef-17753"}
"""Where the sub-form also has trades between shareholders. Only types that the main form's post has are the company's."""


@dataclass(frozen=True)
class Event:
    """`post` is that of the main form; `time` is ISO 8601 in one spelling."""

    post: str
    time: str
    node: etree._Element


def of_form(form: Form) -> Iterator[Event]:
    posts = _MAIN if form.kind == Kind.MAIN else _PART
    for node in form.root.iter(*posts):
        event = Event(posts[str(node.tag)], _moment(text_of(node)), node)
        if event.time and (form.kind == Kind.MAIN or _is_of_the_company(event)):
            yield event


def _is_of_the_company(event: Event) -> bool:
    row, name = event.node.getparent(), _TYPES.get(event.post)
    return name is None or row is None or text_of(row.find(name)) in CODES[event.post]


def _moment(text: str) -> str:
    """The time without what two writers of the same time may do differently; "" when it is none."""
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return ""
