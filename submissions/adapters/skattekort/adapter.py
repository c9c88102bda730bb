"""The way of working of skattekort til arbeidsgiver: one order, then one answer with the cards of all.

Not certain, as no page says it: whether the contact information may be left out. It is sent when a person gave it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from portal.core.filters import grouped
from portal.core.formats import spelled_date
from portal.gateways.errors import BrokenReply, GatewayError
from portal.gateways.skatteetaten.skattekort import Skattekort
from submissions.adapters import meanings
from submissions.adapters.base import About, Finding, Level, Meaning, NamedFile, PeriodKind
from submissions.adapters.numbers import hidden
from submissions.adapters.retrieval import Ask, Inquiry, Retrieved, Table
from submissions.adapters.skattekort import cards, export, people, texts

ALL, CHANGES = "HENT_ALLE_OPPGITTE", "HENT_KUN_ENDRING"
FILE = "skattekort.json"
NOTICE = "VARSEL_VED_FOERSTE_ENDRING"


class SkattekortRetrieval:
    name: ClassVar[str] = "skattekort"
    period_kind: ClassVar[PeriodKind] = PeriodKind.YEAR
    has_order_step: ClassVar[bool] = True
    may_repeat: ClassVar[bool] = False
    patience: ClassVar[timedelta] = timedelta(hours=4)
    needs_delivery: ClassVar[bool] = False
    takes_list: ClassVar[bool] = True
    names_people: ClassVar[bool] = True
    export_formats: ClassVar[tuple[str, ...]] = ("csv", "xml", "json")

    def options_fault(self, options: Mapping[str, Any]) -> str:
        return "the way has none" if options else ""

    def kinds(self, *, today: date) -> list[tuple[str, str]]:
        return [(ALL, _("Alle på listen")), (CHANGES, _("Bare endringer siden forrige bestilling"))]

    def read(self, ask: Ask, about: About) -> tuple[Mapping[str, Any], list[Finding]]:
        """{"kind", "people", "email", "mobile"}; no people for an order of changes."""
        question: dict[str, Any] = {"kind": ask.kind, "people": [], "email": ask.email, "mobile": ask.mobile}
        if ask.kind == CHANGES:
            return question, [Finding(Level.ERROR, "LIST_NOT_WANTED")] if ask.listed.strip() else []
        numbers, findings = people.read(ask.listed)
        return {**question, "people": numbers}, findings

    def render(self, finding: Finding) -> str:
        return texts.render(finding)

    def describe(self, question: Mapping[str, Any]) -> list[tuple[str, str]]:
        kinds = dict(self.kinds(today=date.min))
        lines = [(_("Bestilt"), kinds.get(str(question.get("kind")), ""))]
        if question.get("people"):
            lines.append((_("Antall på listen"), str(len(question["people"]))))
        return lines

    def order(self, inquiry: Inquiry) -> str:
        return Skattekort(base_url=inquiry.base_url).order(token=inquiry.token, order=_body(inquiry))

    def fetch(self, inquiry: Inquiry) -> Retrieved | None:
        gateway = Skattekort(base_url=inquiry.base_url)
        content = gateway.answer(token=inquiry.token, reference=inquiry.remote_id)
        if content is None:
            return None
        try:
            found = cards.read(content)
        except ValueError:
            raise BrokenReply("skatteetaten: the answer to an order of cards cannot be read") from None
        return Retrieved((NamedFile(FILE, content),), {"results": cards.counts(found)})

    def meaning(self, error: GatewayError, *, is_ordering: bool) -> Meaning:
        return meanings.of_order(error, is_ordering=is_ordering, may_repeat=self.may_repeat)

    def summary(self, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
        results = facts.get("results") or {}
        lines = [(texts.named(result, texts.RESULTS), str(number)) for result, number in results.items()]
        return lines or [(_("Skattekort"), _("Ingen i svaret"))]

    def tables(self, files: Sequence[NamedFile]) -> list[Table]:
        columns = (_("Arbeidsgiver"), _("Ansatt"), _("Svar"), _("Trekk"), _("Utstedt"), _("Tilleggsopplysning"))
        return [Table(_("Skattekort"), columns, [_row(card) for each in files for card in cards.read(each.content)])]

    def export(self, files: Sequence[NamedFile], *, format: str) -> NamedFile:
        content = files[0].content
        makers = {
            "csv": lambda: export.as_csv(cards.read(content)),
            "xml": lambda: export.as_xml(content),
            "json": lambda: content,
        }
        return NamedFile(f"skattekort.{format}", makers[format]())


def _row(card: cards.Card) -> tuple[str, ...]:
    parts = (f"{texts.named(part.code, texts.CODES)}: {texts.withholding(vars(part))}" for part in card.parts)
    extras = ", ".join(texts.named(extra, texts.EXTRAS) for extra in card.extras)
    result = texts.named(card.result, texts.RESULTS)
    return grouped(card.orgnr), hidden(card.person), result, "\n".join(parts), _day(card.issued), extras


def _day(written: str) -> str:
    """The day in the reader's language; what is no date as it is."""
    try:
        return spelled_date(date.fromisoformat(written))
    except ValueError:
        return written


def _body(inquiry: Inquiry) -> dict[str, Any]:
    """The page's Bestilling. The list is left out for changes."""
    question = inquiry.question
    body: dict[str, Any] = {"inntektsaar": str(inquiry.about.period.start.year), "bestillingstype": question["kind"]}
    contact = {"epostadresse": question.get("email"), "mobiltelefonummer": question.get("mobile")}
    if any(contact.values()):
        body["kontaktinformasjon"] = {name: value for name, value in contact.items() if value}
        body["varslingstype"] = NOTICE
    if question["kind"] == ALL:
        employer = {
            "arbeidsgiveridentifikator": {"organisasjonsnummer": inquiry.about.orgnr},
            "arbeidstakeridentifikator": list(question["people"]),
        }
        body["forespoerselOmSkattekortTilArbeidsgiver"] = {"arbeidsgiver": [employer]}
    return body
