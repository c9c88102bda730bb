"""Checks of what Altinn would refuse, with messages per field.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/systemregistration/
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from portal.core.environments import Environment
from portal.gateways.altinn import Package, RegisteredSystem, system_of
from portal.gateways.errors import GatewayError, Refused
from systemusers.models import AccessProfile, Kind, System
from systemusers.services.remote import metadata
from systemusers.services.system_register.entry import Columns, columns_of

logger = logging.getLogger(__name__)
PACKAGE = re.compile(r"^urn:altinn:accesspackage:[\w-]+$")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
Problems = defaultdict[str, list[str]]


class SystemProblems(Exception):
    """`fields` maps field names to messages; "" is for messages of no field."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(f"problems with {', '.join(sorted(fields)) or 'the system'}")
        self.fields = {name: texts for name, texts in fields.items() if texts}


def check_system(system: System, *, ask_altinn: bool = True, accepted: RegisteredSystem | None = None) -> None:
    """Everything that can be checked before sending. Packages are looked up in Altinn's open catalogue when it answers.

    What Altinn's entry has already is not judged by its form: `accepted`, or the entry as both sides last had it.

    Raises SystemProblems. Not to be called inside a transaction, but for `ask_altinn=False`.
    """
    problems: Problems = defaultdict(list)
    has = accepted_by_altinn(system, accepted)
    _check_id(system, problems, is_new=has is None)
    _check_texts(system, problems, has or {})
    _check_client(system, problems)
    _check_redirects(system, problems, has or {})
    _check_rights(system.rights, problems, has or {})
    _check_packages(system, problems, ask_altinn, has or {})
    if problems:
        raise SystemProblems(problems)


def accepted_by_altinn(system: System, accepted: RegisteredSystem | None = None) -> Columns | None:
    """The columns of the entry that Altinn has; None when it has none."""
    if accepted is None and system.entry:
        accepted = system_of(system.entry)
    return columns_of(accepted) if accepted else None


def _check_id(system: System, problems: Problems, *, is_new: bool) -> None:
    prefix = f"{system.client.orgnr}_"
    name = system.system_id.removeprefix(prefix)
    if not system.system_id.startswith(prefix):
        problems["system_id"].append(
            _("System-id-en må begynne med %(prefix)s, nummeret til eieren av klienten.") % {"prefix": prefix}
        )
    elif not name:
        problems["system_id"].append(_("Skriv et navn etter %(prefix)s.") % {"prefix": prefix})
    if not is_new:
        return
    if re.search(r"\s", system.system_id):
        problems["system_id"].append(_("System-id-en kan ikke ha mellomrom. Bruk bindestrek eller understrek."))
    elif not re.fullmatch(r"[\w.-]*", name, re.ASCII):
        problems["system_id"].append(_("Bruk bare bokstavene a–z, tall, punktum, bindestrek og understrek."))


def _check_texts(system: System, problems: Problems, has: Columns) -> None:
    """A language that Altinn's entry lacks may stay away, but for `nb`: without it no customer can approve."""
    for language in ("nb", "nn", "en"):
        for part in ("name", "description"):
            name = f"{part}_{language}"
            if not getattr(system, name).strip() and (language == "nb" or has.get(name) != ""):
                problems[f"{part}_{language}"].append(_("Altinn viser denne teksten til kunden. Fyll den ut."))


def _check_client(system: System, problems: Problems) -> None:
    for field, client in (("client", system.client), ("admin_client", system.admin_client)):
        if client is not None and client.environment != system.environment:
            problems[field].append(_("Klienten hører til et annet miljø. Velg en klient fra dette."))
        elif client is not None and client.orgnr != system.client.orgnr:
            problems[field].append(_("Klienten har en annen eier. Velg en av klientene til den som eier systemet."))
    _check_client_ids(system, problems)


def _check_client_ids(system: System, problems: Problems) -> None:
    """Altinn ties a client id to one system only (AUTH.VLD-00004)."""
    taken = clients_of_others(system)
    if (signing := system.client.client_id) in taken and signing not in system.client_ids:
        problems["client"].append(_in_use(taken[signing]))
    for client_id in system.client_ids:
        if client_id in taken and client_id == signing:
            problems["client"].append(_in_use(taken[client_id]))
        elif client_id in taken:
            problems["client_ids"].append(f"{client_id}: {_in_use(taken[client_id])}")
        if re.search(r"\s", client_id):
            problems["client_ids"].append(
                _("%(client_id)s har mellomrom. Skriv én klient-id på hver linje.") % {"client_id": client_id}
            )
    _check_repeats(system.client_ids, "client_ids", problems)


def _in_use(system_id: str) -> str:
    return _("Klienten er i bruk av systemet %(name)s. Hvert system må ha sin egen klient.") % {"name": system_id}


def clients_of_others(system: System) -> dict[str, str]:
    """By client id of another system of ours that is not deleted: the id of that system."""
    others = System.objects.filter(environment=system.environment).exclude(pk=system.pk)
    rows = others.exclude(status=System.Status.DELETED).values_list("system_id", "client_ids")
    return {client_id: system_id for system_id, client_ids in rows for client_id in client_ids}


def _check_redirects(system: System, problems: Problems, has: Columns) -> None:
    for url in system.redirect_urls:
        if url not in has.get("redirect_urls", ()) and not is_redirect(url, environment=system.environment):
            problems["redirect_urls"].append(
                _("%(url)s kan ikke brukes. En returadresse begynner på https:// og har et vertsnavn.") % {"url": url}
            )


def is_redirect(url: str, *, environment: str) -> bool:
    """Absolute https. In the sandbox also http to this machine."""
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    if not address.hostname or address.fragment or re.search(r"\s", url):
        return False
    is_here = address.hostname in LOOPBACK or address.hostname.endswith(".localhost")
    return address.scheme == "https" or (address.scheme == "http" and is_here and environment == Environment.SANDBOX)


def _check_rights(rights: list[str], problems: Problems, has: Columns) -> None:
    for right in rights:
        if right not in has.get("rights", ()) and not re.fullmatch(r"[\w.-]+", right):
            problems["rights"].append(
                _("%(right)s er ikke en ressurs-id. Skriv id-en slik den står i ressursregisteret.") % {"right": right}
            )
    _check_repeats(rights, "rights", problems)


def _check_packages(system: System, problems: Problems, ask_altinn: bool, has: Columns) -> None:
    for urn in system.packages:
        if urn in has.get("packages", ()) and has.get("is_visible") == system.is_visible:
            continue
        if not PACKAGE.match(urn):
            problems["packages"].append(
                _("%(urn)s er ikke en tilgangspakke. Den begynner på urn:altinn:accesspackage:.") % {"urn": urn}
            )
        elif ask_altinn:
            _check_known_package(system, urn, problems)
    _check_repeats(system.packages, "packages", problems)


def _check_known_package(system: System, urn: str, problems: Problems) -> None:
    try:
        package = find_package(system.environment, urn)
    except GatewayError as error:
        logger.info("package %s was not checked: %s", urn, error)
        return  # Altinn checks it too when the system is sent
    if package is None:
        problems["packages"].append(_("Altinn kjenner ikke tilgangspakken %(urn)s. Se over navnet.") % {"urn": urn})
    elif not package.is_assignable and not package.is_delegable:
        problems["packages"].append(_("%(name)s kan ikke gis til et system.") % {"name": package.name})
    elif system.is_visible and not package.is_assignable:
        problems["is_visible"].append(
            _("%(name)s gis bare for klienter, og da kan ikke systemet være synlig. Fjern pakken eller haken her.")
            % {"name": package.name}
        )


def find_package(environment: str, urn: str) -> Package | None:
    """The package as Altinn's catalogue has it, None when it has none. Raises Unavailable, BrokenReply."""
    try:
        return metadata(environment).package(urn)
    except Refused as error:
        if error.status in (400, 404):
            return None
        raise


def _check_repeats(values: list[str], name: str, problems: Problems) -> None:
    for value in sorted({v for v in values if values.count(v) > 1}):
        problems[name].append(_("%(value)s står to ganger. Fjern den ene.") % {"value": value})


def check_profile(profile: AccessProfile, *, ask_altinn: bool = True) -> None:
    """A profile must ask for something, and only for what its system has and its kind may be given.

    Raises SystemProblems. Not to be called inside a transaction, but for `ask_altinn=False`.
    """
    problems: Problems = defaultdict(list)
    is_agent = profile.kind == Kind.AGENT
    for name in ("rights", "packages"):
        for value in sorted(set(getattr(profile, name)) - set(getattr(profile.system, name))):
            problems[name].append(_("Systemet har ikke %(value)s. Legg den til på systemet først.") % {"value": value})
    if is_agent and profile.rights:
        problems["rights"].append(_("En tilgang for klienter har bare tilgangspakker. Fjern enkeltrettighetene."))
    if is_agent and not profile.packages:
        problems["packages"].append(_("En tilgang for klienter må ha minst én tilgangspakke."))
    elif not profile.rights and not profile.packages:
        problems[""].append(_("Profilen ber ikke om noe. Velg minst én rettighet eller tilgangspakke."))
    for urn in profile.packages if ask_altinn else []:
        _check_kind(profile, urn, problems)
    if problems:
        raise SystemProblems(problems)


def _check_kind(profile: AccessProfile, urn: str, problems: Problems) -> None:
    """Standard system users take assignable packages, agent ones delegable packages."""
    try:
        package = find_package(profile.system.environment, urn)
    except GatewayError as error:
        logger.info("package %s was not checked: %s", urn, error)
        return
    if package is None:
        problems["packages"].append(_("Altinn kjenner ikke tilgangspakken %(urn)s. Se over navnet.") % {"urn": urn})
    elif profile.kind == Kind.STANDARD and not package.is_assignable:
        problems["packages"].append(
            _("%(name)s gis bare for klienter. Ta den ut, eller velg typen «For klienter».") % {"name": package.name}
        )
    elif profile.kind == Kind.AGENT and not package.is_delegable:
        problems["packages"].append(
            _("%(name)s gis bare for egen virksomhet. Ta den ut, eller velg typen «Egen virksomhet».")
            % {"name": package.name}
        )
