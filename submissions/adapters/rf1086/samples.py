"""Synthetic RF-1086 packages: for the demonstration, the tour and the tests. No real company or person is in them.

Purchases, sales, issues and deletions follow from the numbers of shares, so the sums are right unless `wrong_sum` is set.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from lxml import etree

from submissions.adapters.base import NamedFile
from submissions.adapters.numbers import synthetic_person
from submissions.adapters.rf1086 import names
from submissions.adapters.rf1086.parsing import ATTRIBUTES, Kind
from submissions.adapters.rf1086.schema import number_attribute

Tree = list[tuple[str, "str | Tree"]]
CENT = Decimal("0.01")
ISSUE, DELETION = "N", "PLD"
"""Types of the company's events: an issue for cash, and a partial liquidation."""
PURCHASE, SALE = "K", "R"


@dataclass(frozen=True)
class Shareholder:
    """`ident` is a synthetic national identity number, an organisation number, or UTL and nine digits."""

    name: str
    ident: str
    before: int
    after: int


@dataclass(frozen=True)
class Company:
    """A company with one class of shares. `per_share` is a dividend in kroner, paid on the shares held in the end."""

    orgnr: str
    name: str
    year: int
    shareholders: tuple[Shareholder, ...]
    nominal: Decimal = Decimal(100)
    per_share: Decimal = Decimal(0)
    share_class: str = "01"
    stated_shares: int | None = None  # a wrong total for the main form

    @property
    def before(self) -> int:
        return sum(holder.before for holder in self.shareholders)

    @property
    def after(self) -> int:
        return sum(holder.after for holder in self.shareholders)

    @cached_property
    def by_event(self) -> dict[str, int]:
        """Of each shareholder: how many of the shares that the company issued or deleted. The last in the list come first."""
        grows, left = self.after > self.before, abs(self.after - self.before)
        shares = {}
        for holder in reversed(self.shareholders):
            change = holder.after - holder.before if grows else holder.before - holder.after
            shares[holder.ident] = min(left, max(change, 0))
            left -= shares[holder.ident]
        return shares


def package(company: Company) -> list[NamedFile]:
    """The main form and one sub-form for each shareholder."""
    files = [NamedFile(f"rf1086-{company.orgnr}-{company.year}.xml", _xml(Kind.MAIN, _main(company)))]
    for number, holder in enumerate(company.shareholders, start=1):
        name = f"rf1086u-{company.orgnr}-{company.year}-{number:03}.xml"
        files.append(NamedFile(name, _xml(Kind.PART, _part(company, holder))))
    return files


def example(orgnr: str, name: str, year: int, *, shareholders: int = 2, wrong_sum: bool = False) -> list[NamedFile]:
    """A small company whose shares are evenly held; with `wrong_sum` the main form states ten shares too many."""
    seed = int(orgnr) % 100_000
    holders = tuple(
        Shareholder(f"Aksjonær {n + 1}", synthetic_person(seed + n * 31), 50, 50) for n in range(shareholders)
    )
    stated = 50 * shareholders + 10 if wrong_sum else None
    return package(Company(orgnr, name, year, holders, stated_shares=stated))


def _main(company: Company) -> Tree:
    firm: Tree = [
        (names.ORGNR, company.orgnr),
        ("EnhetNavn-datadef-1", company.name),
        (names.SHARE_CLASS, company.share_class),
        (names.YEAR, str(company.year)),
    ]
    return [
        ("GenerellInformasjon-grp-2587", [("Selskap-grp-2588", firm)]),
        ("Selskapsopplysninger-grp-2589", _numbers(company)),
        *_dividend(company),
        *_moves(company),
    ]


def _numbers(company: Company) -> Tree:
    after = company.after if company.stated_shares is None else company.stated_shares
    earlier, capital = _money(company.nominal * company.before), _money(company.nominal * after)
    pairs = (
        ("AksjekapitalForHeleSelskapet-grp-3443", "AksjekapitalFjoraret-datadef-7129", "Aksjekapital-datadef-87"),
        ("AksjekapitalIDenneAksjeklassen-grp-3444", names.OPENING_CAPITAL, names.CLOSING_CAPITAL),
        ("PalydendePerAksje-grp-3447", names.OPENING_NOMINAL, names.CLOSING_NOMINAL),
        ("AntallAksjerIDenneAksjeklassen-grp-3445", names.OPENING, names.CLOSING),
        (
            "InnbetaltAksjekapitalIDenneAksjeklassen-grp-3446",
            "AksjekapitalInnbetaltFjoraret-datadef-8020",
            "AksjekapitalInnbetalt-datadef-5867",
        ),
    )
    values = {
        names.OPENING_NOMINAL: (f"{company.nominal:f}", f"{company.nominal:f}"),
        names.OPENING: (str(company.before), str(after)),
    }
    tree: Tree = []
    for group, first, second in pairs:
        was, now = values.get(first, (earlier, capital))
        tree.append((group, [(first, was), (second, now)]))
    return tree


def _dividend(company: Company) -> Tree:
    if not company.per_share:
        return []
    paid: Tree = [
        (names.DIVIDEND, _money(company.per_share * company.after)),
        (names.PER_SHARE, f"{company.per_share:f}"),
        ("AksjeUtbytteHendelsestype-datadef-36564", "Y"),
        (names.DIVIDEND_AT, _moment(company)),
    ]
    return [("Utbytte-grp-3449", [(names.DIVIDENDS, paid)])]


def _moves(company: Company) -> Tree:
    """Shares issued or deleted, when the company has more or fewer than it had."""
    change = company.after - company.before
    if not change:
        return []
    how: tuple[str, str, Tree]
    if change > 0:
        how = (
            "UtstedelseAvAksjerIfmStiftelseNyemisjonMv-grp-3452",
            "AntallNyutstedteAksjer-grp-3453",
            [
                (names.ISSUED[0], str(change)),
                ("AksjerStiftelseMvAntall-datadef-17669", str(company.after)),
                (names.ISSUE_TYPE, ISSUE),
                ("AksjerNyutstedteStiftelseMvTidspunkt-datadef-17671", _moment(company)),
                (names.ISSUE_NOMINAL, f"{company.nominal:f}"),
            ],
        )
    else:
        how = (
            "SlettingAvAksjerIfmLikvidasjonPartiellLikvidasjonMv-grp-3456",
            "SlettedeAksjerAvgang-grp-3457",
            [
                (names.DELETED[0], str(-change)),
                ("AksjerLividasjonMvAntall-datadef-17689", str(company.after)),
                ("AksjerSlettedeLikvidasjonMvPalydende-datadef-23951", f"{company.nominal:f}"),
                ("AksjerSlettedeLikvidasjonMvType-datadef-17691", DELETION),
                ("AksjerSlettedeLividasjonMvTidspunkt-datadef-17692", _moment(company)),
            ],
        )
    outer, inner, fields = how
    return [(outer, [(inner, fields)])]


def _part(company: Company, holder: Shareholder) -> Tree:
    firm: Tree = [
        (names.ORGNR, company.orgnr),
        (names.SHARE_CLASS, company.share_class),
        (names.YEAR, str(company.year)),
    ]
    ident = names.FOREIGNER if holder.ident.startswith("UTL") else names.PERSON
    who: Tree = [(names.COMPANY if len(holder.ident) == 9 else ident, holder.ident), (names.NAME, holder.name)]
    shares: Tree = [(names.HELD, str(holder.before)), (names.HOLDS, str(holder.after))]
    about: Tree = [("AntallAksjerPerAksjonar-grp-3989", shares)]
    if company.per_share:
        paid = _money(company.per_share * holder.after)
        payment: Tree = [(names.PAID, paid), (names.PAID_SHARES, str(holder.after)), (names.PAID_AT, _moment(company))]
        about.append((names.PAYMENTS, payment))
    return [
        (
            "SelskapsOgAksjonaropplysninger-grp-3987",
            [("Selskapsidentifikasjon-grp-3986", firm), (names.SHAREHOLDER, who)],
        ),
        ("AntallAksjerUtbytteOgTilbakebetalingAvTidligereInnbetaltKapit-grp-3990", about),
        *_trades(company, holder),
    ]


def _trades(company: Company, holder: Shareholder) -> Tree:
    """What the shareholder got or gave up, when the number of shares has changed: by the company's event, and by trade."""
    change, by_event = holder.after - holder.before, company.by_event[holder.ident]
    if change > 0:
        rows: Tree = [
            ("AntallAksjerITilgang-grp-3998", _gained(company, shares, kind))
            for kind, shares in ((ISSUE, by_event), (PURCHASE, change - by_event))
            if shares
        ]
        return [("Transaksjoner-grp-3992", [("KjopArvGaveStiftelseNyemisjonMv-grp-3993", rows)])]
    lost: Tree = [
        ("AksjerIAvgang-grp-4002", _lost(company, shares, kind))
        for kind, shares in ((DELETION, by_event), (SALE, -change - by_event))
        if shares
    ]
    return [("SalgArvGaveLikvidasjonPartiellLikvidasjonMv-grp-3995", lost)] if lost else []


def _gained(company: Company, shares: int, kind: str) -> Tree:
    return [
        (names.GAINED[0], str(shares)),
        (names.ACQUISITION_TYPE, kind),
        ("AksjerErvervsdato-datadef-17746", _moment(company)),
        (names.ACQUISITION_VALUE, _money(company.nominal * shares)),
    ]


def _lost(company: Company, shares: int, kind: str) -> Tree:
    return [
        (names.LOST[0], str(shares)),
        ("AksjerArvMvOmsattType-datadef-17753", kind),
        ("AksjerArvMvOmsattTidspunkt-datadef-17754", _moment(company)),
        ("AksjerArvMvOmsatt-datadef-17755", _money(company.nominal * shares)),
    ]


def _money(amount: Decimal) -> str:
    return f"{amount.quantize(CENT):f}"


def _moment(company: Company) -> str:
    """All events of a sample are dated 15 June."""
    return f"{company.year}-06-15T12:00:00"


def _xml(kind: Kind, tree: Tree) -> bytes:
    required, allowed = ATTRIBUTES[kind]
    root = etree.Element("Skjema", {**required, **allowed})
    _grow(root, tree)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def _grow(parent: etree._Element, tree: Tree) -> None:
    for name, value in tree:
        child = etree.SubElement(parent, name, number_attribute(name))
        if isinstance(value, str):
            child.text = value
        else:
            _grow(child, value)
