"""The vendor settles in: more staff, portfolios, the system in Altinn, 260 customers from a file, tags, notes and saved views."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from accounts.models import Customer, CustomerImport, CustomerImportRow, Portfolio
from accounts.services import customer_groups, customer_notes, saved_views
from accounts.services.imports import ordering
from accounts.services.portfolios import save_portfolio
from portal.local import demo
from portal.local.lived_in.stage import HERE, Stage
from systemusers.models import AccessProfile, MaskinportenClient, System
from systemusers.services.scopes import check_scopes
from systemusers.services.system_register import register_system, save_profile, save_system
from systemusers.services.system_register.nightly import compare_due

IMPORTED = 260
EAST, HOUSING, WEST = "Øst", "Bolig", "Vest"
PORTFOLIOS = (WEST, EAST, EAST, HOUSING, "")
"""Of the imported customers in turn; the last has none."""
TAX_RETURN, SAVINGS = "app_skd_formueinntekt-skattemelding-v2", "ske-innrapportering-aksjesparekonto"
WAGES = ["ske-innrapportering-amelding", "ske-skattekort-til-arbeidsgiver"]
WAGE_PROFILE, RETURN_PROFILE = "Lønn", "Skattemelding og filopplasting"
WHAT = ("Blid", "Dampende", "Fornøyd", "Grundig", "Hoppende", "Kvikk", "Lydhør", "Munter", "Nysgjerrig", "Punktlig", "Rask",
        "Rolig", "Sindig", "Snill", "Stolt", "Syngende", "Tapper", "Tålmodig", "Vennlig", "Våken")  # fmt: skip
WHO = ("Bever", "Elg", "Fisk", "Gaupe", "Hare", "Jerv", "Krabbe", "Lerke", "Mår", "Oter", "Rype", "Skjære", "Ugle")
GIVEN = ("Anja", "Bård", "Cecilie", "Dag", "Eli", "Frode", "Guro", "Hauk", "Ine", "Jørn", "Kine", "Leif", "Mona")
FAMILY = ("Testvik", "Prøvestad", "Eksempelmo", "Syntesen", "Lekerud")
TAGS = ("Viktig", "Ny i år", "Borettslag", "Ring først")
NOTES = (
    "Ringte daglig leder. Godkjenner etter styremøtet.",
    "Vil ha alle brev på e-post, ikke på telefon.",
    "Regnskapsfører er på ferie i to uker.",
    "Har byttet revisor. Nye tall kommer i desember.",
    "Fusjonerer kanskje til våren. Spør igjen før fristen.",
)
VIEWS = (
    ("ida", "accesses", "Venter på kunden", "status=OPEN"),
    ("ida", "submissions", "Må rettes", "state=rejected"),
    ("ola", "submissions", "Kladdene mine", "state=draft"),
    ("nora", "customers", "Viktige", "tag={tag}"),
)  # fmt: skip


@dataclass
class House:
    """What the later chapters use."""

    system: System
    yearly: AccessProfile
    wages: AccessProfile
    returns: AccessProfile
    agents: AccessProfile

    @classmethod
    def find(cls) -> House:
        system = System.objects.filter(environment=HERE).order_by("pk")[0]
        by_name = {row.name: row for row in system.profiles.order_by("pk")}
        return cls(
            system, by_name["Årsoppgjør"], by_name[WAGE_PROFILE], by_name[RETURN_PROFILE], by_name["For klienter"]
        )


def settle_in(stage: Stage) -> None:
    """The vendor of the empty start is known to the authorities, has its staff, and its system is in Altinn."""
    ida = stage.person("ida")
    _staff(stage)
    demo.introduce_to(stage.sandbox)
    client = MaskinportenClient.objects.filter(environment=HERE).order_by("pk")[0]
    check_scopes(client=client, by=ida.actor, at=stage.at)
    system = System.objects.get(client=client)
    system.rights = list(dict.fromkeys([*system.rights, TAX_RETURN, SAVINGS]))
    save_system(system=system, by=ida.actor, at=stage.at)
    register_system(system=system, by=ida.actor, at=stage.at)
    _profile(stage, system, WAGE_PROFILE, WAGES, "levere a-meldinger\nhente skattekort")
    _profile(
        stage,
        system,
        RETURN_PROFILE,
        [TAX_RETURN, SAVINGS],
        "gjøre skattemeldingen klar\nlevere tredjepartsopplysninger",
    )
    stage.look_around()
    stage.repeat(compare_due)


def _staff(stage: Stage) -> None:
    by = stage.person("ida").actor
    for name in (EAST, HOUSING):
        save_portfolio(portfolio=Portfolio(name=name), by=by, at=stage.at)
    theirs = list(Portfolio.objects.filter(name__in=(EAST, HOUSING)))
    for login, name, role in demo.JOINED:
        demo.add_person(login, name, role, portfolios=theirs, by=by, at=stage.at)


def _profile(stage: Stage, system: System, name: str, rights: list[str], purpose: str) -> None:
    texts = {f"purpose_{language}": purpose for language in ("nb", "nn", "en")}
    profile = AccessProfile(system=system, name=name, rights=rights, **texts)
    save_profile(profile=profile, by=stage.person("ida").actor, at=stage.at)


# --- The import ---------------------------------------------------------------------------------------------------------


def imported() -> list[dict[str, str]]:
    """The rows of the file: clearly made-up companies with synthetic numbers."""
    numbers = demo.orgnrs(IMPORTED, start=311_000_000)
    names = [f"{what} {who} AS" for who in WHO for what in WHAT]
    return [
        {
            "Orgnr": orgnr, "Navn": name, "Kundenr": f"K{2000 + n}", "Portefølje": PORTFOLIOS[n % len(PORTFOLIOS)],
            "Kontaktperson": f"{GIVEN[n % len(GIVEN)]} {FAMILY[n // len(GIVEN) % len(FAMILY)]}",
            "E-post": "" if n % 40 == 39 else f"post@{_domain(name)}.example",
            "Språk": "nynorsk" if n % 9 == 4 else "bokmål",
        }
        for n, (orgnr, name) in enumerate(zip(numbers, names, strict=True))
    ]  # fmt: skip


def _domain(name: str) -> str:
    return name.removesuffix(" AS").lower().translate(str.maketrans(" åæø", "-aeo"))


def import_customers(stage: Stage) -> None:
    """Looked up in the register, looked through and stored. Some rows are no customers, as in any file."""
    rows = imported()
    for row in rows:
        body: dict[str, object] = {
            "orgnr": row["Orgnr"],
            "name": row["Navn"],
            "persons": [{"name": row["Kontaktperson"], "roles": ["DAGL"]}],
        }
        if row is rows[-1]:
            body["registry"] = {"konkurs": True}
        stage.control("POST", "/control/organisations", body)
    others = [replaced(rows[0], "Orgnr", "310200370"), rows[5], replaced(rows[9], "Orgnr", demo.orgnrs(3)[2])]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows([*rows, *others])
    ida = stage.person("ida")
    made = ordering.begin(
        user=ida, environment=HERE, filename="kunder.csv", content=text.getvalue().encode("utf-8-sig"), at=stage.at
    )
    stage.take_in()
    stage.let_pass(minutes=20)
    made.refresh_from_db()
    extra = [CustomerImportRow.Verdict.BANKRUPT]
    ordering.take_extra(row=made, verdicts=extra, at=stage.at)
    made.refresh_from_db()
    ordering.confirm(row=made, user=ida, shown=ordering.token_of(made), at=stage.at)
    stage.take_in()
    made.refresh_from_db()
    if made.status != CustomerImport.Status.DONE:
        raise RuntimeError(f"the import of customers is {made.status} {made.problem_code}")


def replaced(row: dict[str, str], column: str, value: str) -> dict[str, str]:
    return {**row, column: value}


def customers() -> list[Customer]:
    """The imported ones in the order of the file."""
    by_orgnr = {row.orgnr: row for row in Customer.objects.filter(environment=HERE).select_related("portfolio")}
    return [by_orgnr[row["Orgnr"]] for row in imported()]


# --- Daily work ---------------------------------------------------------------------------------------------------------


def sort_out(stage: Stage) -> None:
    """Who follows whom up, tags and notes."""
    ola, nora, ida = (stage.person(login) for login in ("ola", "nora", "ida"))
    rows = Customer.objects.filter(environment=HERE)
    numbers = [row.orgnr for row in customers()]
    west, east = rows.filter(portfolio__name=WEST), rows.filter(portfolio__name__in=(EAST, HOUSING))
    customer_groups.assign(customers=west.filter(orgnr__in=numbers[:150]), to=ola, by=ida.actor, at=stage.at)
    customer_groups.assign(customers=east.filter(orgnr__in=numbers[:180]), to=nora, by=ida.actor, at=stage.at)
    for step, tag in zip((17, 11, 0, 23), TAGS, strict=True):
        chosen = rows.filter(portfolio__name=HOUSING) if not step else rows.filter(orgnr__in=numbers[::step])
        customer_groups.add_tag(customers=chosen, name=tag, by=nora.actor, at=stage.at)


def write_notes(stage: Stage, *, first: int) -> None:
    for n, customer in enumerate(customers()[first::47]):
        writer = stage.person("ola" if customer.portfolio and customer.portfolio.name == WEST else "nora")
        text = NOTES[(n + first) % len(NOTES)]
        customer_notes.add_note(customer=customer, text=text, by=writer.actor, at=stage.at)


def save_views(stage: Stage) -> None:
    tag = customer_groups.tag_of(TAGS[0])
    for login, page, name, query in VIEWS:
        path = f"/sandbox/{page}/"
        saved_views.save_view(
            user=stage.person(login), environment=HERE, path=path, name=name, query=query.format(tag=tag.pk)
        )
