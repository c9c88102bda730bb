"""The differences of a system as rows to read: what each thing is, what a choice means, and for how many customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from systemusers.services import choices as names
from systemusers.services.system_register import Choice, Difference, Look, Side, Usage, Use
from systemusers.services.system_register.entry import LISTS
from systemusers.views.system_words import label_of

Button = tuple[Choice, str]


@dataclass(frozen=True)
class LineRow:
    """One difference. `affected` and `meaning` say what depends on it; `word` is typed before it is removed. `is_code`: the
    values are ids or addresses, not text."""

    key: str
    side: Side
    label: str
    theirs: str
    ours: str
    nothing: str
    is_code: bool
    affected: str
    meaning: str
    choice: Choice
    buttons: tuple[Button, Button]
    word: str
    is_removal: bool
    is_written: bool
    typed: str = ""
    is_missing: bool = False


def line_rows(seen: Look, chosen: Mapping[str, Choice]) -> list[LineRow]:
    known = {
        "rights": dict(names.rights(seen.system.environment)),
        "packages": dict(names.packages(seen.system.environment)),
    }
    usage = Usage(seen.system)
    return [_row(line, usage.of(line), chosen[line.key], known.get(line.field, {})) for line in seen.lines]


def _row(line: Difference, use: Use, choice: Choice, known: Mapping[str, str]) -> LineRow:
    return LineRow(
        key=line.key,
        side=line.side,
        label=_label(line, use, known),
        nothing=_("finnes ikke") if line.field in LISTS else _("tom"),
        is_code=line.field in LISTS,
        theirs=_shown(line.theirs),
        ours=_shown(line.ours),
        affected=_affected(line, use),
        meaning=_meaning(line, use),
        choice=choice,
        buttons=_buttons(line.side),
        word=line.word,
        is_removal=line.is_removal(choice),
        is_written=choice == Choice.OURS,
    )


def _label(line: Difference, use: Use, known: Mapping[str, str]) -> str:
    if line.field not in LISTS:
        return label_of(line.field)
    value = str(line.theirs or line.ours)
    kinds = {
        "client_ids": _("Klient"),
        "rights": _("Rettighet"),
        "packages": _("Pakke"),
        "redirect_urls": _("Returadresse"),
    }
    name = f"«{use.client.name}»" if use.client else known.get(value, "")
    return f"{kinds[line.field]} {name}".strip()


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return _("Ja") if value else _("Nei")
    return "" if value is None else str(value).removeprefix("urn:altinn:accesspackage:")


def _affected(line: Difference, use: Use) -> str:
    """How many customers use what only Altinn has, "" where that is not known."""
    if line.side != Side.THEIRS or line.field == "redirect_urls":
        return ""
    return " ".join(filter(None, [_certain(line, use), _perhaps(use)])) or _("Ingen av kundene portalen kjenner.")


def _certain(line: Difference, use: Use) -> str:
    number = {"n": use.accesses}
    if not use.accesses:
        return ""
    if line.field == "client_ids":
        return ngettext("%(n)s kunde kan miste noe.", "%(n)s kunder kan miste noe.", use.accesses) % number
    return ngettext("%(n)s kunde har godkjent den.", "%(n)s kunder har godkjent den.", use.accesses) % number


def _perhaps(use: Use) -> str:
    text = ngettext("%(n)s systembruker til kan ha den.", "%(n)s systembrukere til kan ha den.", use.maybe)
    return text % {"n": use.maybe} if use.maybe else ""


def _meaning(line: Difference, use: Use) -> str:
    if line.field == "client_ids":
        return _about_client(line, use)
    profiles = _("Profiler: %(names)s.") % {"names": ", ".join(use.profiles)} if use.profiles else ""
    texts = {
        "rights": _("Virker for en kunde først når kunden godkjenner.") if line.side == Side.OURS else profiles,
        "packages": _("Virker for en kunde først når kunden godkjenner.") if line.side == Side.OURS else profiles,
        "redirect_urls": _("Kunder som sendes hit, lander på en feilside når den fjernes.")
        if line.side == Side.THEIRS
        else _("Kunder kan sendes tilbake hit."),
        "is_visible": _("Om kunder finner systemet selv i Altinn. Ingen mister noe."),
    }
    return texts.get(line.field, _("Kundene ser teksten i Altinn."))


def _about_client(line: Difference, use: Use) -> str:
    if line.side == Side.OURS:
        return _("Klienten kan få token for kundene.")
    if use.is_signing:
        return _("Portalen signerer med denne. Uten den stopper all innsending herfra med en gang.")
    if use.client:
        return _("Det er en av klientene deres. Den får ikke token for noen kunde når den fjernes.")
    return _("Portalen har ikke nøkkelen. Et annet program får ikke token når den fjernes.")


def _buttons(side: Side) -> tuple[Button, Button]:
    pairs = {
        Side.THEIRS: (_("Behold"), _("Fjern")),
        Side.CHANGED: (_("Altinns"), _("Vårt")),
        Side.OURS: (_("Ta ut"), _("Legg til")),
    }
    theirs, ours = pairs[side]
    return (Choice.THEIRS, theirs), (Choice.OURS, ours)


@dataclass(frozen=True)
class Count:
    """How many there are in the entry now and afterwards."""

    label: str
    now: int
    after: int


def counts(seen: Look, chosen: Mapping[str, Choice]) -> list[Count]:
    after = seen.result(chosen)
    return [Count(label_of(name), len(getattr(seen.theirs, name)), len(after[name])) for name in LISTS]
