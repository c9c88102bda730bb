"""Every finding has a text in every language, made from its code and parameters alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from submissions.adapters.base import Finding, Level
from submissions.adapters.rf1086 import NamedFile, kinds, names, render, texts
from submissions.adapters.texts import _WHY, XML_TEXTS
from submissions.safe_xml import _WHY as XML_REASONS
from tests.submissions.adapters.rf1086.packages import check, files, report, with_text

SOURCES = Path(texts.__file__).parent
RULES = {rule for _pattern, rule in kinds._NUMBERS.values()} | set(kinds._TEXTS)


@pytest.mark.parametrize("name", ["checking", "schema", "sums", "parsing"])
def test_every_code_in_the_checks_has_a_text(name):
    source = (SOURCES / f"{name}.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)+|MISSING|NAMESPACE|MORE|CAPITAL)"', source)) - {"RF_1086"}

    assert codes
    assert {code for code in codes if code not in texts.TEXTS and code not in XML_TEXTS} == set()


def test_every_rule_and_reason_has_a_text():
    assert set(texts.RULES) >= RULES
    assert set(_WHY) >= set(XML_REASONS.values())


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_findings_are_rendered_in_the_readers_language(language):
    found = [
        *check(with_text(names.CLOSING, "1 000")),
        *check(files()[1:]),
        *report(NamedFile("a.xml", b"<a>")).findings,
    ]

    with override(language):
        result = [render(finding) for finding in found]

    assert all(result)
    assert not any("%(" in text or text == finding.code for text, finding in zip(result, found, strict=True))
    if language != "nb":
        with override("nb"):
            assert all(text != render(finding) for text, finding in zip(result, found, strict=True))


def test_a_code_of_another_release_is_shown_as_it_is():
    assert render(Finding(Level.ERROR, "NEW_RULE", {"n": "1"})) == "NEW_RULE"
