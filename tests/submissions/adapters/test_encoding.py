"""An XML file in another encoding than UTF-8 is sent as it is, after a warning."""

from __future__ import annotations

from typing import Any

import pytest

from submissions.adapters import adapter
from submissions.adapters.base import About, NamedFile
from submissions.period import Period
from submissions.services import catalogue

ORGNR = "310123455"


def about(name: str) -> About:
    entry = next(entry for entry in catalogue.services() if entry.adapter == name)
    return About(ORGNR, Period.year(2025), entry.id, entry.options)


def encoded(name: str, codec: str) -> NamedFile:
    """An example with a letter outside ASCII in a comment, in this encoding."""
    file = adapter(name).examples(about(name), name="Ås AS", wrong=False)[0]
    _first, _line, rest = file.content.decode().partition("?>")
    text = f'<?xml version="1.0" encoding="{codec}"?><!-- Ås -->{rest}'
    return NamedFile(file.name, text.encode(codec))


@pytest.mark.parametrize("name", ["rf1086", "upload_xml", "altinn_app"])
@pytest.mark.parametrize(
    ("codec", "said"),
    [("UTF-8", []), ("ISO-8859-1", ["ISO8859-1"]), ("windows-1252", ["CP1252"]), ("UTF-16", ["UTF-16"])],
)
def test_an_encoding_that_may_not_be_taken_is_told_before_sending(
    name: str, codec: str, said: list[str], db: Any
) -> None:
    way = adapter(name)

    report = way.inspect(encoded(name, codec), about(name))

    told = [finding for finding in report.findings if finding.code == "OTHER_ENCODING"]
    assert report.role
    assert [(finding.level, finding.params["name"]) for finding in told] == [("WARNING", one) for one in said]
    assert all("UTF-8" in way.render(finding) for finding in told)


def test_letters_of_ascii_are_the_same_in_each() -> None:
    (file, *_rest) = adapter("rf1086").examples(about("rf1086"), name="Test AS", wrong=False)
    plain = file.content.decode("ascii", "ignore").replace("UTF-8", "ISO-8859-1", 1).encode("ascii")

    report = adapter("rf1086").inspect(NamedFile("a.xml", plain), about("rf1086"))

    assert "OTHER_ENCODING" not in {finding.code for finding in report.findings}
