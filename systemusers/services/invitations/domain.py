"""Whether receivers will believe that our mails come from us: SPF, DKIM and DMARC of the sender's domain, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.gateways import mail_domain
from portal.gateways.mail_domain import MailDomain, Texts
from systemusers.models import MailDomainCheck
from systemusers.models.mail_settings import Verdict
from systemusers.services.invitations.settings import mail_plan

OK, WARNING, DANGER, UNKNOWN = "success", "warning", "danger", "neutral"
Row = tuple[str, str, str]
"""Title, colour, what to do."""


@dataclass(frozen=True)
class Shown:
    """One kind of record, for the page."""

    name: str
    title: str
    colour: str
    todo: str
    value: str


def sender_domain() -> str:
    """Of MAIL_FROM; "" when it has none, as on one's own machine."""
    domain = parseaddr(str(settings.DEFAULT_FROM_EMAIL))[1].rpartition("@")[2].lower()
    return domain if "." in domain else ""


def selectors() -> list[str]:
    return [one for one in mail_plan().dkim_selectors.replace(",", " ").split() if one]


def check(*, by: str, at: datetime) -> MailDomainCheck | None:
    """Ask the DNS and store the answer; None without a domain. Raises Unavailable, BrokenReply."""
    domain = sender_domain()
    if not domain:
        return None
    found = mail_domain.look_up(domain, selectors=selectors(), by=mail_domain.resolver(settings.DNS_SERVER))
    with transaction.atomic():
        row, _made = MailDomainCheck.objects.update_or_create(
            domain=domain, defaults={"checked_at": at, "verdicts": verdicts(found)}
        )
        record(by=by, at=at, target=row, what=AuditType.MAIL_DOMAIN_CHECKED)
    return row


def verdicts(found: MailDomain) -> dict[str, Verdict]:
    kinds = {"SPF": _spf(found.spf), "DMARC": _dmarc(found.dmarc)}
    if not found.dkim:
        kinds["DKIM"] = ("DKIM_UNKNOWN", "")
    kinds |= {f"DKIM {selector}": _dkim(texts) for selector, texts in found.dkim.items()}
    return {name: Verdict(code=code, value=value) for name, (code, value) in kinds.items()}


def _spf(texts: Texts) -> tuple[str, str]:
    if len(texts) != 1:
        return ("SPF_MANY" if texts else "SPF_MISSING"), "\n".join(texts)
    last = texts[0].lower().split()[-1]
    if last in ("all", "+all", "?all"):
        return "SPF_OPEN", texts[0]
    return "SPF_OK", texts[0]


def _dmarc(texts: Texts) -> tuple[str, str]:
    if len(texts) != 1:
        return ("DMARC_MANY" if texts else "DMARC_MISSING"), "\n".join(texts)
    return ("DMARC_NONE" if _tags(texts[0]).get("p", "none") == "none" else "DMARC_OK"), texts[0]


def _dkim(texts: Texts) -> tuple[str, str]:
    if not texts:
        return "DKIM_MISSING", ""
    return ("DKIM_OK" if _tags(texts[0]).get("p") else "DKIM_REVOKED"), texts[0]


def _tags(text: str) -> dict[str, str]:
    """`v=DMARC1; p=none` as a dictionary; names and values in lower case."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _equals, value in pairs}


def shown(row: MailDomainCheck) -> list[Shown]:
    words = _words()
    return [
        Shown(name, *words[verdict["code"]], verdict["value"])
        for name, verdict in sorted(row.verdicts.items())
        if verdict["code"] in words
    ]


def _words() -> dict[str, Row]:
    one = _("Slå dem sammen til én oppføring. Mottakere forkaster alle når det er flere.")
    return {
        "SPF_OK": (_("Finnes"), OK, _("Se etter at den nevner e-posttjeneren som portalen bruker.")),
        "SPF_MISSING": (
            _("Mangler"),
            DANGER,
            _(
                "Be den som styrer domenet, legge inn en TXT-oppføring som begynner med v=spf1 og nevner e-posttjeneren."
            ),
        ),
        "SPF_MANY": (_("Flere oppføringer"), DANGER, one),
        "SPF_OPEN": (
            _("Slipper alle til"),
            WARNING,
            _("La den slutte med -all eller ~all. Nå sier den at hvem som helst kan sende for domenet."),
        ),
        "DMARC_OK": (_("Finnes"), OK, _("Mottakere avviser eller merker det andre sender i deres navn.")),
        "DMARC_MISSING": (
            _("Mangler"),
            WARNING,
            _(
                "Legg inn en TXT-oppføring på _dmarc under domenet: begynn med v=DMARC1; p=none; rua=mailto: og en adresse."
            ),
        ),
        "DMARC_MANY": (_("Flere oppføringer"), DANGER, one),
        "DMARC_NONE": (
            _("Krever ingenting av mottakerne"),
            WARNING,
            _("Når rapportene viser at alt dere sender, er i orden, endres p=none til p=quarantine og siden p=reject."),
        ),
        "DKIM_OK": (_("Finnes"), OK, _("Se etter at e-posttjeneren signerer med denne selektoren.")),
        "DKIM_MISSING": (
            _("Mangler"),
            DANGER,
            _(
                "Slå på DKIM i e-posttjeneren, og legg inn oppføringen den gir. Se etter at selektoren er skrevet riktig."
            ),
        ),
        "DKIM_REVOKED": (
            _("Trukket tilbake"),
            DANGER,
            _("Oppføringen har ingen nøkkel. Legg inn den som e-posttjeneren bruker nå."),
        ),
        "DKIM_UNKNOWN": (
            _("Ikke undersøkt"),
            UNKNOWN,
            _("DKIM kan bare slås opp med selektoren. Den står i oppsettet av e-posttjeneren; skriv den i planen her."),
        ),
    }
