"""Tells about the audit trail outside the database: a mail with the newest anchor each day, and one when the trail does not fit."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.outbox.put import put_mail
from portal.core.trail import watch
from portal.explain import explain


def tell(*, at: datetime) -> None:
    """To AUDIT_ANCHOR_MAIL, once for each verification that found the trail whole, and once for each finding."""
    if not settings.AUDIT_ANCHOR_MAIL:
        return
    state = watch.find_state(at=at)
    with translation.override(settings.LANGUAGE_CODE):
        if state.broken:
            _put(
                _("Revisjonsloggen stemmer ikke"), _about(state.broken), key=f"trail-broken:{state.broken.event}", at=at
            )
        elif state.whole:
            _put(_("Revisjonsloggen er hel"), _about_whole(state.whole), key=f"trail-anchor:{state.whole.event}", at=at)


def _put(subject: str, lines: list[str], *, key: str, at: datetime) -> None:
    text = "\n\n".join([*lines, settings.PORTAL_URL])
    put_mail(EmailMessage(subject, text, to=[settings.AUDIT_ANCHOR_MAIL]), key=key, at=at)


def _about_whole(whole: watch.Whole) -> list[str]:
    seals, events = whole.anchor.number, whole.anchor.events
    counted = {
        "seals": ngettext("%(n)s forsegling", "%(n)s forseglinger", seals) % {"n": seals},
        "events": ngettext("%(n)s hendelse", "%(n)s hendelser", events) % {"n": events},
    }
    moment = {"moment": date_format(timezone.localtime(whole.at), "DATETIME_FORMAT")}
    return [
        _("Kontrollert %(moment)s: %(seals)s, %(events)s.") % {**counted, **moment},
        _("Anker: %(anchor)s") % {"anchor": whole.anchor},
        _("Ta vare på denne e-posten. Med ankeret kan dere bevise at loggen ikke er kuttet eller laget på nytt:"),
        f"manage.py verify_audit --since {whole.anchor}",
    ]


def _about(found: watch.Finding) -> list[str]:
    about = explain(found.code)
    place = {"seal": found.seal or "–", "row": found.row or "–", "code": found.code}
    return [
        f"{about.title}. {about.cause}",
        _("Forsegling %(seal)s, rad %(row)s. Kode %(code)s.") % place,
        str(about.how),
    ]
