"""Skatteetaten's own API of the tax return: the current return of an organisation, and the control of a new one.

https://github.com/Skatteetaten/skattemeldingen/blob/master/docs/api-v2/README.md

Answers are XML, read by local names at any depth: the versions of their namespaces change. Not certain: whether a system
user may call it, and the codes of the control, which are given on unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from portal.gateways.decoding import decode, xml_of
from portal.gateways.errors import Detail, Refused
from portal.gateways.http import Channel
from portal.gateways.refusals import MOST_DETAILS, short
from portal.gateways.skatteetaten.common import ANY_TYPE, path_segment

FINE, WRONG = "validertOK", "validertMedFeil"
FAILED = "tekniskFeil"
"""An avvik of this type says that the control itself failed, and nothing of the return."""
PATIENCE = 60
"""Seconds without a byte: the control computes the tax."""
_GROUPS = ("avvikVedValidering", "avvikEtterBeregning")


class ReturnRefused(Refused):
    """The control found faults in the return: the answer is a success that says no."""


@dataclass(frozen=True)
class Control:
    """What the control said. `failed`: it could not be made, and can be asked for again."""

    faults: tuple[Detail, ...] = ()
    failed: bool = False


class TaxReturns:
    """The service below `base_url`."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url, patience=PATIENCE)

    def current(self, *, token: str, year: int, orgnr: str) -> str:
        """The id of the return that stands now, a draft or an assessed one. Its content is not kept."""
        path = f"/{year}/{path_segment(orgnr)}"
        reply = self._channel.call("GET", path, token=token, headers=ANY_TYPE)
        return decode(reply.where, lambda: _current(xml_of(reply.content)))

    def control(self, *, token: str, year: int, orgnr: str, content: bytes) -> Control:
        """Skatteetaten's control of a return. It keeps nothing of it, so it may be repeated."""
        headers = {**ANY_TYPE, "Content-Type": "application/xml"}
        path = f"/valider/{year}/{path_segment(orgnr)}"
        reply = self._channel.call("POST", path, token=token, content=content, headers=headers)
        return decode(reply.where, lambda: _control(xml_of(reply.content)))


def refused(control: Control) -> ReturnRefused:
    """The faults as a refusal."""
    code = f"SKATTEMELDING:{WRONG}"
    return ReturnRefused(f"skatteetaten: {WRONG}", status=200, code=code, details=control.faults)


def _current(root: Element) -> str:
    document = next(_named(root, "skattemeldingdokument"), None)
    ident = "" if document is None else _text(document, "id")
    if not ident:
        raise ValueError("a return without an id")
    return ident[:100]


def _control(root: Element) -> Control:
    """FINE and WRONG are the published results; another one is not understood."""
    result = _text(root, "resultatAvValidering")
    if result not in (FINE, WRONG):
        raise ValueError("an unknown result")
    faults = [_fault(avvik) for name in _GROUPS for group in _named(root, name) for avvik in _named(group, "avvik")]
    causes = [Detail(short(cause.text)[:100]) for cause in _named(root, "aarsakTilValidertMedFeil") if cause.text]
    found = tuple((faults or causes)[:MOST_DETAILS])
    failed = bool(found) and all(fault.code == FAILED for fault in found)
    return Control(() if result == FINE else found or (Detail(WRONG),), failed and result == WRONG)


def _fault(avvik: Element) -> Detail:
    """The received and the computed values are left out: they are the customer's amounts."""
    return Detail(_text(avvik, "avvikstype")[:100], "", _text(avvik, "sti"))


def _named(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element.iter() if isinstance(each.tag, str) and each.tag.rpartition("}")[2] == name)


def _text(element: Element, name: str) -> str:
    return next((short(each.text) for each in _named(element, name)), "")
