"""The reporting services and the values their calls are checked against. The 31 with the same routes are in a data file."""

from __future__ import annotations

from importlib import resources

import msgspec


class Service(msgspec.Struct, kw_only=True, frozen=True):
    """One reporting service. `label` is the host label of the newer gateway, `codes` the prefix of its error codes.

    `sums`: field of the summary, and the path of the numbers that it adds up.
    """

    id: str
    name: str
    scope: str
    form: str = ""
    label: str = ""
    resource: str = ""
    packages: list[str] = []
    items_path: str = ""
    summary_key: str = ""
    many: bool = False
    receipt: list[str] = []
    sums: dict[str, str] = {}
    codes: str = "GLD"
    other_scopes: list[str] = []

    @property
    def resource_id(self) -> str:
        """The resource. Where no source names it, an id that begins with sandbox-."""
        return self.resource or f"sandbox-{self.id}"

    @property
    def slug(self) -> str:
        return self.id.removeprefix("innrapportering-")


def _read() -> list[Service]:
    text = resources.files(__package__).joinpath("gld_services.json").read_bytes()
    return msgspec.json.decode(text, type=list[Service])


GLD_SERVICES = _read()

RF1086 = Service(
    id="innrapportering-aksjonaerregisteroppgave",
    name="Aksjonærregisteroppgaven",
    form="RF-1086",
    scope="skatteetaten:innrapporteringaksjonaerregisteroppgave",
    resource="ske-innrapportering-aksjonaerregisteroppgave",
    label="aksjonaerregister",
)
AMELDING = Service(
    id="innrapportering-amelding",
    name="A-meldingen",
    form="A02",
    scope="skatteetaten:innrapporteringamelding",
    resource="ske-innrapportering-amelding",
    label="innrapporteringamelding",
    codes="AMLD",
)
AMELDING_UPLOAD = Service(
    id="innrapportering-amelding-filopplasting",
    name="A-meldingen filopplasting",
    scope="skatteetaten:innrapporteringamelding",
    resource="ske-innrapportering-amelding",
    label="innrapporteringameldingfilopplasting",
    codes="AMLD",
)
TPO_UPLOAD = Service(
    id="innrapportering-tpo-filmottak",
    name="Innrapportering TPO filopplasting",
    scope="skatteetaten:innrapporteringtpofilopplasting",
    label="innrapporteringtpofilmottak",
)
CARDS = Service(
    id="skattekorttilarbeidsgiver",
    name="Skattekort til arbeidsgiver",
    scope="skatteetaten:skattekorttilarbeidsgiver",
    other_scopes=["skatteetaten:forskudd"],
    resource="ske-skattekort-til-arbeidsgiver",
    label="forskudd",
    codes="FOR",
)
CONTROL = Service(
    id="innrapportering-kontrollopplysninger",
    name="Kontrollopplysninger",
    scope="skatteetaten:innleveringkontroll",
    resource="ske-kontroll",
    label="innrapporteringkontroll",
)
LETTERS = Service(
    id="skattdialogdokumenter",
    name="Skatt dialogdokumenter",
    scope="skatteetaten:skattdialogdokument",
    other_scopes=["skatteetaten:formueinntekt/skattemelding"],
    label="skatt-dialog-dokumenter",
)

CLAIMS = Service(
    id="kravogbetalinger",
    name="Krav og betalinger",
    scope="skatteetaten:kravogbetalinger",
    resource="ske-krav-og-betalinger",
    label="kravogbetalinger",
    codes="KB",
)
DEADLINES = Service(
    id="frister",
    name="Frister",
    scope="skatteetaten:frister",
    label="frister",
    codes="FRI",
)
TAX_RETURN = Service(
    id="skattemelding",
    name="Skattemeldingen",
    scope="skatteetaten:formueinntekt/skattemelding",
    resource="app_skd_formueinntekt-skattemelding-v2",
    label="skattemelding",
)

SERVICES = {
    s.id: s
    for s in [*GLD_SERVICES, RF1086, AMELDING, AMELDING_UPLOAD, TPO_UPLOAD, CARDS, CONTROL, LETTERS, CLAIMS, DEADLINES]
}
BY_SLUG = {service.slug: service for service in SERVICES.values()}
