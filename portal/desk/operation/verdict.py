"""What is wrong, in sentences, the worst first; and what that means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.formats import spelled_time
from portal.desk.operation.outside import FAILING, PAUSED, SLOW
from portal.desk.operation.picture import Picture
from portal.explain import explain

FULL_DISK = 0.9
UNSEALED = timedelta(minutes=10)
LATE_SHARE = 0.02
"""So many customers may be followed later than planned before it is told."""


@dataclass(frozen=True)
class Trouble:
    """`anchor`: the part of the page that shows it."""

    colour: str
    text: str
    more: str
    anchor: str = ""


def troubles(picture: Picture) -> list[Trouble]:
    found = [*_work(picture), *_rows(picture), *_outside(picture), *_kept(picture)]
    return sorted(found, key=lambda trouble: trouble.colour != "danger")


def _work(picture: Picture) -> Iterator[Trouble]:
    if not picture.is_valkey_there:
        more = _(
            "Køene er ikke kjent, og ingen arbeider blir vekket. Alt er lagret i databasen og går videre når den svarer."
        )
        yield Trouble("danger", _("Valkey svarer ikke."), more)
    silence = picture.silence
    if silence and not silence.queues:
        text = _("Ingen arbeider har gitt livstegn ennå.")
        if silence.since:
            text = _("Ingen arbeider har gitt livstegn siden %(moment)s.") % {"moment": spelled_time(silence.since)}
        more = _("Se at beat kjører (nøyaktig én), og at minst én arbeider gjør det. Alt er lagret og går videre da.")
        yield Trouble("danger", text, more, "queues")
    elif silence:
        text = _("Ingen arbeider betjener disse køene: %(names)s.") % {"names": silence.names}
        more = _("Se at en arbeider er startet med køen i --queues, eller uten --queues.")
        yield Trouble("danger", text, more, "queues")
    behind = [row.title for row in picture.queues if row.is_behind]
    if behind and not (silence and not silence.queues):
        text = _("Disse køene ligger etter: %(names)s.") % {"names": ", ".join(behind)}
        more = _("Det eldste har ventet i over fem minutter. Blir det ikke færre, trenger køen flere prosesser.")
        yield Trouble("warning", text, more, "waiting")


def _rows(picture: Picture) -> Iterator[Trouble]:
    if picture.left:
        number = len(picture.left)
        text = ngettext("%(n)s oppgave henger.", "%(n)s oppgaver henger.", number) % {"n": number}
        more = _("En arbeider tok dem og gir ikke livstegn. De tas på nytt av seg selv; du kan frigi dem nå.")
        yield Trouble("warning", text, more, "left")
    if picture.outbox.unsettled:
        number = picture.outbox.unsettled
        text = ngettext("%(n)s melding gikk ikke ut.", "%(n)s meldinger gikk ikke ut.", number) % {"n": number}
        yield Trouble("warning", text, _("Noen må se på dem i utboksen."), "kept")
    paces = picture.pace.paces if picture.pace else []
    late, all_of_them = sum(pace.late for pace in paces), sum(pace.customers for pace in paces)
    if late > LATE_SHARE * all_of_them:
        text = ngettext("%(n)s kunde følges senere enn planlagt.", "%(n)s kunder følges senere enn planlagt.", late) % {
            "n": late
        }
        more = _(
            "Ingenting går tapt. Blir det ikke færre, trenger køen Følging flere prosesser, eller en tjeneste er treg."
        )
        yield Trouble("warning", text, more, "pace")


def _outside(picture: Picture) -> Iterator[Trouble]:
    texts = {
        FAILING: (_("%(name)s feiler."), _("Vi prøver igjen av oss selv. Det som venter, er lagret."), "danger"),
        SLOW: (_("%(name)s er treg."), _("Vi spør sjeldnere til de svarer raskere."), "warning"),
        PAUSED: (
            _("%(name)s har bedt oss vente."),
            _("Kallene går videre av seg selv når ventetiden er over."),
            "warning",
        ),
    }
    told = set()
    for host in picture.outside.hosts:
        if host.state in texts and (host.name, host.state) not in told:
            told.add((host.name, host.state))
            text, more, colour = texts[host.state]
            yield Trouble(colour, text % {"name": host.name}, more, "outside")


def _kept(picture: Picture) -> Iterator[Trouble]:
    for machine in picture.machines:
        if machine.disk is not None and machine.disk >= FULL_DISK:
            text = _("Disken på %(name)s er nesten full.") % {"name": machine.name}
            yield Trouble(
                "danger", text, _("Uten plass kan ingen dokumenter lagres. Utvid den, eller rydd."), "machines"
            )
    if picture.is_backup_overdue:
        newest = picture.backup and spelled_time(picture.backup.began_at)
        text = (
            _("Siste sikkerhetskopi er fra %(moment)s.") % {"moment": newest} if newest else _("Ingen sikkerhetskopi.")
        )
        yield Trouble("danger", text, _("Se hvorfor den daglige kopien ikke ble tatt."), "kept")
    if picture.trail.broken:
        about = explain(picture.trail.broken.code)
        text = _("Revisjonsloggen stemmer ikke: %(what)s.") % {"what": about.title}
        yield Trouble("danger", text, f"{about.cause} {about.how}", "kept")
    elif picture.trail.is_overdue:
        more = _("Oppgaven verify_audit skal gå hver natt. Se i loggen hvorfor den ikke gjør det.")
        yield Trouble("danger", _("Revisjonsloggen er ikke kontrollert på over to døgn."), more, "kept")
    if picture.unsealed_since and picture.at - picture.unsealed_since > UNSEALED:
        text = _("Revisjonsloggen er ikke forseglet siden %(moment)s.") % {
            "moment": spelled_time(picture.unsealed_since)
        }
        more = _("Oppgaven seal_audit skal gå hvert minutt. Se i loggen hvorfor den ikke gjør det.")
        yield Trouble("warning", text, more, "kept")
