"""Files of every kind are read, what their columns mean is guessed, and identity numbers go no further."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.services.imports.columns import PRIVATE, UNUSED, Columns, guess
from accounts.services.imports.reading import MOST_ROWS, TooManyRows, Unreadable, read_table
from tests.accounts.imports.rig import BIRTH, FIRST, SECOND, SHORT, THIRD, xlsx


def columns(text: str, *, environment: str = "TEST", portfolios: tuple[str, ...] = ("Nord", "Vest")) -> Columns:
    return guess(read_table(text.encode()), environment=environment, portfolios=portfolios)


def picked(text: str, *names: str, environment: str = "TEST") -> list[str]:
    """These fields of the last row."""
    where = columns(text, environment=environment).where()
    _number, cells = read_table(text.encode()).rows[-1]
    return [cells[where[name]] for name in names]


@pytest.mark.parametrize(
    "text",
    [
        f"organisasjonsnummer;navn;godkjenner;rolle\n{FIRST};Ærlig Fjell AS;Kari Ås;DAGL",
        f"Navn,Rolle,Organisasjonsnummer,Godkjenner\r\nÆrlig Fjell AS,DAGL,{FIRST},Kari Ås",
        f"\ufeffOrg. nr.;Navn;Noe annet;Godkjenner;Rolle\n{FIRST};Ærlig Fjell AS;x;Kari Ås;DAGL\n\n",
        f"{FIRST};Ærlig Fjell AS;Kari Ås;DAGL",
        "Ærlig Fjell AS\t310 200 018\tKari Ås\tDAGL",
        f'sep=,\n{FIRST},"Ærlig Fjell AS",Kari Ås,DAGL',
    ],
)
def test_columns_are_found_with_and_without_headings(text: str) -> None:
    orgnr, *others = picked(text, "orgnr", "name", "approver", "role")

    assert "".join(orgnr.split()) == FIRST
    assert others == ["Ærlig Fjell AS", "Kari Ås", "DAGL"]


@pytest.mark.parametrize(
    "headings",
    [
        "Org.nr.;Firma;Kundenr;E-post lønn;Mobil;Målform;Saksb.;Kontaktperson;Sum 2026",
        "Organisasjonsnr;Verksemd;Referanse;E-post;Telefon;Språk;Portefølje;Kontakt;Sum",
        "Organisation number;Company name;Customer no;Email;Phone;Language;Portfolio;Contact name;Sum",
    ],
)
def test_headings_are_known_in_three_languages(headings: str) -> None:
    text = f"{headings}\n{FIRST};Fjell AS;K1;a@b.example;900 00 123;nn;Nord;Kari;48200"

    assert columns(text).fields == [
        "orgnr", "name", "reference", "contact_email", "contact_phone", "language", "portfolio", "contact_name", UNUSED,
    ]  # fmt: skip


def test_columns_without_headings_are_known_by_what_is_in_them() -> None:
    text = f"Vest;{FIRST};kari@fjell.example;nynorsk;+47 900 00 123;Fjell AS\nNord;{SECOND};;B;22 07 70 00;Fjord AS"

    assert columns(text, environment="PRODUCTION").fields == [
        "portfolio", "orgnr", "contact_email", "language", "contact_phone", "name",
    ]  # fmt: skip


def test_production_has_no_column_for_who_approves_in_test() -> None:
    fields = columns(f"Orgnr;Godkjenner;Rolle\n{FIRST};Kari;DAGL", environment="PRODUCTION").fields

    assert fields == ["orgnr", UNUSED, UNUSED]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_files_of_every_encoding_and_separator_are_read(encoding: str, separator: str) -> None:
    content = separator.join([FIRST, "Ærlig Fjell AS"]).encode(encoding)

    assert read_table(content).rows == [(1, [FIRST, "Ærlig Fjell AS"])]


def test_numbers_alone_are_a_list() -> None:
    assert columns(f"{FIRST}\n{SECOND}").fields == ["orgnr"]
    assert read_table(f"{FIRST}\n\n{SECOND}".encode()).rows == [(1, [FIRST]), (3, [SECOND])]


def test_a_quote_that_never_ends_takes_no_row_away() -> None:
    assert len(read_table(f'{FIRST};"Fjell AS\n{SECOND};Fjord AS\n{THIRD};Li AS'.encode()).rows) == 3


def test_a_name_in_quotes_keeps_its_separator() -> None:
    assert read_table(f'{FIRST};"Fjell; Fjord og Li AS"'.encode()).rows[0][1][1] == "Fjell; Fjord og Li AS"


def test_the_most_rows_are_read_and_one_more_is_not() -> None:
    rows = ["orgnr;navn", *[f"{FIRST};Fjell AS"] * MOST_ROWS]

    assert len(read_table("\n".join(rows).encode()).rows) == MOST_ROWS + 1
    with pytest.raises(TooManyRows):
        read_table("\n".join([*rows, rows[1]]).encode())


def test_a_workbook_is_read_with_the_numbers_of_its_rows() -> None:
    content = xlsx([["Org.nr.", "Firma", "Sum"], [310200018, "Ærlig <Fjell> AS", 48200.5]], first_row=3)

    table = read_table(content)

    assert table.sheet == "Kunder"
    assert table.rows == [(3, ["Org.nr.", "Firma", "Sum"]), (4, [FIRST, "Ærlig <Fjell> AS", "48200.5"])]


@pytest.mark.parametrize(
    "content",
    [
        b"x" * 200_000,
        b"\xd0\xcf\x11\xe0 with a password",
        b"PK\x03\x04 no workbook",
        xlsx([[1]])[:-200],
        xlsx([[1]], xml='<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        xlsx([[1]], xml='<row r="2"><c r="A2" t="inlineStr"><is><t>' + "x" * 70_000_000 + "</t></is></c></row>"),
    ],
    ids=["no-list", "protected", "no-workbook", "cut", "huge-area", "huge-part"],
)
def test_what_is_no_list_or_too_large_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read_table(content)


def test_a_text_that_many_cells_share_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.services.imports.workbook.MOST_TEXT", 1000)
    import io
    import zipfile

    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 40))
    content = io.BytesIO(xlsx([["x"]], xml=cells))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>{'x' * 100}</t></si></sst>")

    with pytest.raises(Unreadable):
        read_table(content.getvalue())


@pytest.mark.parametrize(
    "text",
    [
        f"orgnr;navn;fødselsnummer;godkjenner\n{FIRST};Fjell AS;{BIRTH};Kari Ås",
        f"orgnr;navn;noe;godkjenner\n{FIRST};Fjell AS;{BIRTH[:6]} {BIRTH[6:]};Kari Ås",
        f"orgnr;navn;fnr;godkjenner\n{FIRST};Fjell AS;ukjent;Kari Ås",
        f"{FIRST};Fjell AS;{BIRTH};Kari Ås",
        f"{BIRTH};{FIRST};Fjell AS;Kari Ås",
        f"{FIRST};Fjell AS;{SHORT};Kari Ås",
    ],
)
def test_a_column_of_national_identity_numbers_is_never_read(text: str) -> None:
    made = columns(text)

    assert made.fields.count(PRIVATE) == 1
    assert picked(text, "orgnr", "name", "approver") == [FIRST, "Fjell AS", "Kari Ås"]


def test_telephone_numbers_with_their_country_are_no_identity_numbers() -> None:
    assert columns(f"orgnr;telefon\n{FIRST};4790000123\n{SECOND};+47 900 00 123").fields == ["orgnr", "contact_phone"]


@pytest.mark.parametrize("content", [b"", b"\n\n;;\n", xlsx([])])
def test_an_empty_file_has_no_rows(content: Any) -> None:
    assert read_table(content).rows == []
