"""One word for each thing, in each language: words that a translation must not use for a word of the source."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

GLOSSARY: dict[str, list[tuple[str, str, str]]] = {
    "nn": [
        (r"beskrivelse", r"omtale", "skildring"),
        (r"forespørse", r"førespørs(?!el)", "førespurnad"),
        (r"innsending", r"innlevering|innsendelse", "innsending"),
        (r"kvittering", r"kvittans", "kvittering"),
        (r"", r"\b[Kk]opierast\b", "blir kopiert"),
        (r"", r"\b(?:frå|med|til) ho\b(?! [a-zæøå]+(?:ar|er|te|de)\b)", "henne"),
        (r"\bikke\b", r"\bikke\b", "ikkje"),
    ],
    "en": [
        (r"\bfeil\b", r"\b[Ff]aults?\b", "error"),
        (r"", r"\b(?:Sending begun|in spite of|was not taken|were not taken)\b", "started, despite, refused"),
        (r"[Kk]ladd", r"\bsketch", "draft"),
    ],
}
"""(pattern of the source, what the translation must not have, what it has instead)"""


def texts(language: str) -> list[tuple[str, str]]:
    entries = polib.pofile(str(Path(settings.BASE_DIR) / f"locale/{language}/LC_MESSAGES/django.po"))
    return [(entry.msgid, text) for entry in entries for text in (entry.msgstr, *entry.msgstr_plural.values()) if text]


@pytest.mark.parametrize("language", GLOSSARY)
def test_a_thing_has_one_word(language: str) -> None:
    wrong = [
        f"{source} | {text} | {instead}"
        for source, text in texts(language)
        for pattern, forbidden, instead in GLOSSARY[language]
        if re.search(pattern, source) and re.search(forbidden, text)
    ]

    assert wrong == []


def test_a_state_is_no_command_in_nynorsk() -> None:
    words = dict(texts("nn"))

    assert (words["Sendt"], words["Send"]) == ("Sendt", "Send")


COUNTED = (
    r"%\((\w+)\)s (?:nye |siste )?(?:kunder|rapporter|filer|filene|innsendinger|dager|dagene|timer|timene|minutter|sekunder|måneder|"
    r"dialoger|kladder|rader|tilganger|kampanjer|personer|ansatte|nøkler|advarsler|systemer|linjer|meldinger|bestillinger|klienter|"
    r"virksomheter|porteføljer|adresser|endringer|hendelser|forseglinger|frister)\b"
)
ALWAYS_MANY = r"[Hh]øyst|mer enn|flere enn|Omtrent|til sammen|Så mange spørres|tilganger med flere profiler"
"""Words of texts about a limit, or about a number that is never one."""
NEVER_ONE = {
    "Avgjort de siste %(days)s dagene",
    "Kontoer stenges av seg selv etter %(n)s dager uten bruk.",
    "Kontoer som ikke er brukt på %(days)s dager, stenges av seg selv. Eieren får e-post to uker før.",
    "Personen får en lenke på e-post som virker i %(days)s dager, og velger passordet selv.",
}


def test_a_number_of_things_has_a_form_for_one_of_them() -> None:
    """No text says "1 kunder": what follows a number is chosen by that number, and one text has one such number."""
    entries = polib.pofile(str(Path(settings.BASE_DIR) / "locale/nn/LC_MESSAGES/django.po"))
    wrong = []
    for entry in entries:
        if re.search(ALWAYS_MANY, entry.msgid) or entry.msgid in NEVER_ONE:
            continue
        counted = set(re.findall(COUNTED, entry.msgid_plural or entry.msgid))
        if len(counted) > (1 if entry.msgid_plural else 0):
            wrong.append(entry.msgid)

    assert wrong == []
