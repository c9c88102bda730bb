"""Local systems and profiles: saved here first, sent to Altinn by `push`."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.core.audit import record
from portal.core.audit_changes import changes, values_of
from portal.core.audit_events import AuditType
from portal.core.stale import check_unchanged
from systemusers.models import AccessProfile, Difference, MaskinportenClient, System
from systemusers.services.system_register.checks import SystemProblems, check_profile, check_system
from systemusers.services.system_register.entry import SENT_TO_ALTINN

SYSTEM_COLUMNS = ("system_id", "client", "admin_client", *SENT_TO_ALTINN)
PROFILE_COLUMNS = ("name", "kind", "rights", "packages", "purpose_nb", "purpose_nn", "purpose_en")
"""Those that a form writes."""


def save_system(*, system: System, by: str, at: datetime, seen: str | None = None) -> None:
    """Store a new or changed system after its checks. Changes not yet sent to Altinn are stored as drift.

    Of a stored system only the columns of the form are written, so what happened to the row during the checks is kept;
    `system` then has the stored state. `seen`: the version that the form showed. Raises SystemProblems, and EditedMeanwhile
    when somebody changed the system since; nothing is stored then.
    """
    if system._state.adding and not system.client_ids:
        system.client_ids = [system.client.client_id]
    check_system(system)
    try:
        with transaction.atomic():
            _one_at_a_time(system)
            check_system(system, ask_altinn=False)
            stored = System.objects.select_for_update(of=("self",)).filter(pk=system.pk).first()
            old = values_of(stored, SYSTEM_COLUMNS) if stored else {}
            if stored:
                check_unchanged(stored, system, SYSTEM_COLUMNS, seen=seen)
                _save_form(system, stored)
            else:
                system.save()
            edits = changes(old=old, new=values_of(system, SYSTEM_COLUMNS))
            what = AuditType.EDITED if stored else AuditType.ADDED
            record(by=by, at=at, target=system, what=what, system_id=system.system_id, changes=edits)
    except IntegrityError:
        taken = _("Vi har allerede et system med denne id-en eller klienten. Åpne det under Systemer.")
        raise SystemProblems({"system_id": [taken]}) from None


def _one_at_a_time(system: System) -> None:
    """Two systems saved at once may not both take a client id: the rows of the environment's clients are the lock."""
    clients = MaskinportenClient.objects.filter(environment=system.environment).order_by("pk")
    list(clients.select_for_update(no_key=True).values_list("pk"))


def _save_form(system: System, stored: System) -> None:
    """Write the columns of the form; `stored` is the row as it is now, locked."""
    form = set(SYSTEM_COLUMNS) if stored.status == System.Status.DRAFT else {*SYSTEM_COLUMNS} - {"system_id"}
    if stored.status == System.Status.DRAFT and system.client_ids == [stored.client.client_id]:
        system.client_ids = [system.client.client_id]  # another client was chosen before the first registration
    system.drift = _drift_after(stored, system) if stored.status == System.Status.REGISTERED else stored.drift
    system.save(update_fields=form | {"drift"})
    system.refresh_from_db()


def _drift_after(stored: System, changed: System) -> list[Difference]:
    """Known differences and those of this change."""
    drift = {entry["field"]: entry for entry in stored.drift}
    for name in SENT_TO_ALTINN:
        before, after = getattr(stored, name), getattr(changed, name)
        if before != after:
            theirs = drift[name]["theirs"] if name in drift else before
            drift[name] = {"field": name, "ours": after, "theirs": theirs}
    return [entry for entry in drift.values() if entry["ours"] != entry["theirs"]]


def save_profile(*, profile: AccessProfile, by: str, at: datetime, seen: str | None = None) -> None:
    """Store a profile after its checks. Accesses already asked for keep what they asked for.

    `seen`: the version that the form showed. Raises SystemProblems, EditedMeanwhile.
    """
    check_profile(profile)
    try:
        with transaction.atomic():
            stored = AccessProfile.objects.select_for_update().filter(pk=profile.pk).first()
            if stored:
                check_unchanged(stored, profile, PROFILE_COLUMNS, seen=seen)
            profile.save(update_fields=PROFILE_COLUMNS if stored else None)
            AccessProfile.objects.filter(pk=profile.pk).update(to_mark_at=at)
            old = values_of(stored, PROFILE_COLUMNS) if stored else {}
            edits = changes(old=old, new=values_of(profile, PROFILE_COLUMNS))
            what = AuditType.EDITED if stored else AuditType.ADDED
            record(by=by, at=at, target=profile, what=what, environment=profile.system.environment, changes=edits)
    except IntegrityError:
        raise SystemProblems({"name": [_("Systemet har en profil med dette navnet. Velg et annet navn.")]}) from None
