"""A heap: many files that a person dropped at once. A worker finds out what each is, and which of them belong together.

The bytes are in the document storage, as those of a submission. Rows of a heap are deleted with it, and never sent from here:
a package becomes a draft, which is an ordinary submission.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Capability, Customer, User, overseen
from portal.core.crypto import EncryptedJSONField, EncryptedListField, EncryptedTextField, SealedManager
from portal.core.environments import Environment
from portal.core.lease import Leased
from submissions.models.of_period import OfPeriod
from submissions.models.submission import Submission
from submissions.period import Period, PeriodKind
from systemusers.models import Access


class HeapQuerySet(models.QuerySet["Heap"]):
    def visible_to(self, user: Any) -> Self:
        """One's own; an administrator who sees all customers sees all. The files may be those of any customer of the owner."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        own = Q(owner=user, environment__in=user.where(Capability.SEE))
        return self.filter(own | Q(environment__in=overseen(user)))


class Heap(Leased):
    """Due while a file is to be sorted, or a package is to be judged, made into a draft or sent.

    `touched_at` is when a person last did something with it: old ones are swept.
    """

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    owner = models.ForeignKey(User, models.CASCADE, related_name="heaps", verbose_name=_("lagt inn av"))
    created_at = models.DateTimeField(_("opprettet"))
    touched_at = models.DateTimeField(_("sist brukt"))
    sorted_at = models.DateTimeField(_("sortert"), null=True, blank=True)

    objects = HeapQuerySet.as_manager()

    class Meta:
        verbose_name = _("filsamling")
        verbose_name_plural = _("filsamlinger")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="heap_due"),
            models.Index(fields=["environment", "owner", "-created_at"], name="heap_by_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class HeapSource(models.Model):
    """What a command made a heap of: `key` is of the same files the same, so that one heap is made of them.

    `sends`: what needs no answer from a person is sent as soon as it is ready.
    """

    WATCHED = "folder:"
    """Begins the keys of watched folders. Nobody who dropped a file there is known, nor has anybody seen it."""

    key = models.CharField(_("nøkkel"), max_length=100, unique=True)
    heap = models.OneToOneField(Heap, models.CASCADE, related_name="source", verbose_name=_("filsamling"))
    sends = models.BooleanField(_("sendes av seg selv"), default=False)

    class Meta:
        verbose_name = _("opphav til filsamling")
        verbose_name_plural = _("opphav til filsamlinger")

    def __str__(self) -> str:
        return self.key


class HeapPackage(OfPeriod):
    """The files of a heap that are one report: a customer, a service and a period. At most one of these without a draft.

    `access` is what the draft is made with. `wanted_at` and `send_wanted_at`: a person has asked for the draft, or for sending
    it, and a worker has not done it yet. `ordered_by` is who asked last: it is done with that person's rights and name, whoever
    orders something else of the same heap. `refused` are the files of a package of which none can be used (stored.Refused).
    """

    class Verdict(models.TextChoices):
        WAITING = "WAITING", _("Kontrolleres")
        READY = "READY", _("Klar")
        BEFORE = "BEFORE", _("Levert før")
        OPEN_DRAFT = "OPEN_DRAFT", _("Kladd finnes")
        NO_ACCESS = "NO_ACCESS", _("Uten tilgang")
        TOO_MANY = "TOO_MANY", _("For mange filer")
        ERRORS = "ERRORS", _("Feil i filene")

    heap = models.ForeignKey(Heap, models.CASCADE, related_name="packages", verbose_name=_("filsamling"))
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", verbose_name=_("kunde"))
    service = models.CharField(_("tjeneste"), max_length=100)
    verdict = models.CharField(_("dom"), max_length=12, choices=Verdict, default=Verdict.WAITING)
    access = models.ForeignKey(Access, models.SET_NULL, null=True, related_name="+", verbose_name=_("tilgang"))
    draft = models.ForeignKey(
        Submission, models.SET_NULL, null=True, related_name="heap_packages", verbose_name=_("innsending")
    )
    other = models.ForeignKey(Submission, models.SET_NULL, null=True, related_name="+", verbose_name=_("fra før"))
    """The open draft or the delivery that was there before, for OPEN_DRAFT and BEFORE."""
    wanted_at = models.DateTimeField(_("kladd bestilt"), null=True, blank=True)
    ordered_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("bestilt av"))
    send_wanted_at = models.DateTimeField(_("sending bestilt"), null=True, blank=True)
    ready_since = models.DateTimeField(_("kladden var klar siden"), null=True, blank=True)
    """Of the draft that the person saw when sending was ordered: each change of its files makes it ready anew."""
    not_sent = models.BooleanField(_("ble ikke sendt"), default=False)
    refused = EncryptedListField(_("filer med feil"), editable=False)

    objects = SealedManager["HeapPackage"]()

    class Meta:
        verbose_name = _("pakke i filsamling")
        verbose_name_plural = _("pakker i filsamlinger")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["heap", "customer", "service", "period_kind", "period_start"],
                condition=Q(draft__isnull=True),
                name="one_open_package_of_a_heap",
            ),
        ]
        indexes = [models.Index(fields=["heap", "verdict"], name="heap_package_verdict")]

    def __str__(self) -> str:
        return f"{self.service} {self.period}"


class HeapFile(models.Model):
    """One file of a heap. `sha256` "": it was not stored, and `code` says why. `extension` has its point, in small letters.

    `matches` (stored.Match) is what it can be while a person must choose; `choices` are their services in one text, so that
    files with the same choice are found. `code` is the reason why it is in no package, "" when it is in one; `detail`
    (stored.Detail) has what its text needs.
    """

    class Verdict(models.TextChoices):
        WAITING = "WAITING", _("Venter")
        SORTED = "SORTED", _("Sortert")
        CHOOSE = "CHOOSE", _("Velg tjeneste")
        UNKNOWN_CUSTOMER = "UNKNOWN_CUSTOMER", _("Ukjent kunde")
        UNKNOWN_KIND = "UNKNOWN_KIND", _("Ukjent type")
        UNREADABLE = "UNREADABLE", _("Kan ikke leses")
        SAME = "SAME", _("Samme fil")
        REFUSED = "REFUSED", _("Ikke tatt inn")

    heap = models.ForeignKey(Heap, models.CASCADE, related_name="files", verbose_name=_("filsamling"))
    package = models.ForeignKey(HeapPackage, models.SET_NULL, null=True, related_name="files", verbose_name=_("pakke"))
    filename = EncryptedTextField(_("filnavn"), editable=False)
    extension = models.CharField(_("filendelse"), max_length=10, blank=True)
    size = models.PositiveBigIntegerField(_("størrelse"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    verdict = models.CharField(_("dom"), max_length=20, choices=Verdict, default=Verdict.WAITING)
    code = models.CharField(_("kode"), max_length=50, blank=True)
    detail = EncryptedJSONField(_("forklaring"), null=True, editable=False)
    matches = EncryptedListField(_("kan være"), editable=False)
    choices = models.TextField(_("valg"), blank=True)
    orgnr = models.CharField(_("organisasjonsnummer"), max_length=9, blank=True)
    service = models.CharField(_("tjeneste"), max_length=100, blank=True)
    period_kind = models.CharField(_("periodetype"), max_length=5, choices=OfPeriod.Kind, blank=True)
    period_start = models.DateField(_("periode fra"), null=True, blank=True)

    objects = SealedManager["HeapFile"]()

    class Meta:
        verbose_name = _("fil i filsamling")
        verbose_name_plural = _("filer i filsamlinger")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["heap", "verdict", "id"], name="heap_file_verdict"),
            models.Index(fields=["sha256"], name="heap_file_by_hash"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def period(self) -> Period | None:
        return period_of(self.period_kind, self.period_start)


def period_of(kind: str, start: date | None) -> Period | None:
    return Period(PeriodKind(kind), start) if kind and start else None
