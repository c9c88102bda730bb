"""The codes that the published schemas list for event types, transaction types and share classes, by the post of the list."""

from __future__ import annotations

_CODES = {
    "class": "01 02 03 04 05 06 07 08 09 10 11 12 13",
    "8": "Y Z 13",
    "9": "T N NF NK NAK IP UP FS M TN",
    "10": "I U US E S SD C",
    "11": "L PLD PLS W IP UP FS UII",
    "12": "I U US UM SD V",
    "18": "IR IRO",
    "22": "10 AT ET",
    "23": "K A G GK AK GS T N NF O UP IP M OK KI NE AE FS ES NK NAK YA YAP TN TH",
    "24": "I E U SD S US",
    "25": "R A G GK AK GS L PLD PLS UP IP UII UE O W OK FS AE ES YA YAP",
    "29": "6 8 9 11 12 13",
    "30": "IR IRO",
}
CODES: dict[str, frozenset[str]] = {name: frozenset(codes.split()) for name, codes in _CODES.items()}
"""The schemas give no meanings. Posts 15 and 26 have no list of their own: probably those of 29 and 12."""


def listed(name: str) -> str:
    """The codes of a list for a text, in the schema's order."""
    return ", ".join(_CODES[name].split())
