"""What Skatteetaten begins: letters, dialogs that ask for material, and the answers to what is asked of it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.local.lived_in.asking import FIRST, WAGE_EARNERS
from portal.local.lived_in.reporting import fill, put_in_queue, usable, writer_of
from portal.local.lived_in.stage import HERE, Stage
from submissions.adapters.base import About
from submissions.adapters.numbers import synthetic_person
from submissions.adapters.retrieval import Ask
from submissions.adapters.skattekort.adapter import ALL
from submissions.models import Order
from submissions.period import Period
from submissions.services import catalogue, material
from submissions.services.orders import making
from systemusers.models import Access

CARDS, CLAIMS = "skattekorttilarbeidsgiver", "kravogbetalinger"
LETTERS = (
    ("Vedtak om endring av grunnlag", "Vi har endret grunnlaget for arbeidsgiveravgift. Du kan klage innen seks uker."),
    ("Veiledning om aksjonærregisteroppgaven", "Aksjer av samme klasse skal føres samlet."),
    ("Varsel om tvangsmulkt", "Vi mangler a-meldingen for en måned. Lever den for å unngå mulkt."),
    ("Bekreftelse på utsatt frist", "Dere har fått utsatt frist for skattemeldingen."),
)  # fmt: skip


def write_letters(stage: Stage, *, first: int, number: int) -> None:
    for n, access in enumerate(usable(FIRST)[first::9][:number]):
        title, text = LETTERS[(n + first) % len(LETTERS)]
        stage.control("POST", "/control/letters", {"orgnr": access.customer.orgnr, "title": title, "text": text})
    stage.let_pass(hours=1)


def ask_for_material(stage: Stage, *, first: int, days: tuple[int, ...]) -> None:
    """Each to be answered so many days after today; the customers differ."""
    for n, (access, left) in enumerate(zip(usable(FIRST)[first::7], days, strict=False)):
        due = (stage.now + timedelta(days=left)).isoformat()
        title = ("Kontroll: send inn regnskapsdata", "Kontroll av lønnskostnader", "Bokettersyn: send inn bilag")[n % 3]
        stage.control("POST", "/control/cases", {"orgnr": access.customer.orgnr, "title": title, "due_at": due})
    stage.let_pass(hours=1)
    stage.read()


def give_material(stage: Stage, *, number: int) -> None:
    """Files that answer the first dialogs that ask."""
    asked = material.find_waiting(user=stage.person("ida"), environment=HERE).order_by("pk")[:number]
    for dialog in list(asked.select_related("customer__portfolio")):
        made = material.begin(dialog=dialog, by=writer_of(stage, dialog.customer), at=stage.at)
        fill(stage, made)
        put_in_queue(stage, made)
    for _turn in range(4):
        stage.send()
        stage.let_pass(minutes=30)
    stage.read()


def order_cards(stage: Stage, *, number: int) -> None:
    """Tax cards of some employees each."""
    service, year = catalogue.service(CARDS), Period.year(timezone.localdate(stage.at).year)
    way = making.way_of(service)
    for n, access in enumerate(usable(WAGE_EARNERS)[:number]):
        listed = "\n".join(synthetic_person(serial) for serial in range(n, n + 3 + n % 4)).encode()
        question, _findings = way.read(Ask(kind=ALL, listed=listed), About(access.customer.orgnr, year, CARDS))
        _order(stage, access, CARDS, year, question=dict(question))
    for _turn in range(3):
        stage.order()
        stage.let_pass(minutes=15)


def read_claims(stage: Stage, *, number: int) -> None:
    for access in usable(FIRST)[2::8][:number]:
        by = writer_of(stage, access.customer)
        making.ask_anew(customer=access.customer, access=access, service=CLAIMS, by=by, at=stage.at)
    stage.order()


def _order(stage: Stage, access: Access, service: str, period: Period, *, question: dict[str, object]) -> Order:
    return making.create_order(
        access=access, customer=access.customer, service=service, period=period, question=question,
        by=writer_of(stage, access.customer), at=stage.at,
    )  # fmt: skip
