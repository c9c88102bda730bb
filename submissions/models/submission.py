"""Submissions with their documents and the calls they are made of. The row is the source of truth."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, OfCustomersQuerySet
from portal.core.crypto import EncryptedField, EncryptedJSONField, EncryptedListField, EncryptedTextField, SealedManager
from portal.core.environments import Environment
from portal.core.feed.event import Type
from portal.core.lease import Leased
from portal.core.masking import without_identity_numbers
from portal.core.states import StatusModel
from submissions.models.filenames import FilenameHash
from submissions.models.of_period import OfPeriod
from submissions.period import Period
from systemusers.models import Access


class SubmissionQuerySet(OfCustomersQuerySet["Submission"]):
    @classmethod
    def owed(cls) -> Q:
        """On the way, without an answer, with two that disagree, or wrong and not corrected."""
        return Q(status__in=Submission.UNDER_WAY) | Q(contradicted_at__isnull=False) | cls.wrong()

    @classmethod
    def wrong(cls) -> Q:
        """Rejected or failed, without a sent correction. Draft and cancelled corrections do not count."""
        S = Submission.Status
        return ~Q(cls.has_sent_correction()) & Q(status__in=[S.REJECTED, S.FAILED])

    @staticmethod
    def has_sent_correction() -> Exists:
        S = Submission.Status
        rows = Submission.objects.filter(corrects=OuterRef("pk"))
        return Exists(rows.exclude(status__in=[S.DRAFT, S.READY, S.CANCELLED]))

    def about(
        self, *, customer: Customer, service: str, period: Period, answers_id: int | None = None
    ) -> SubmissionQuerySet:
        """Those of one customer, service and period; of one dialog (its key) when they answer what the authority asked in it."""
        rows = self.filter(customer=customer, service=service, answers_id=answers_id)
        return rows if answers_id else rows.filter(**period.columns())

    def like(self, other: Submission) -> SubmissionQuerySet:
        """Those about the same as `other`."""
        same = self.about(
            customer=other.customer, service=other.service, period=other.period, answers_id=other.answers_id
        )
        return same.exclude(pk=other.pk)

    def needing_correction(self) -> SubmissionQuerySet:
        """See `wrong`."""
        return self.filter(self.wrong())

    def with_correction(self) -> SubmissionQuerySet:
        """Annotates id and status of the newest correction that is not cancelled, and who asked for an approval that is not
        answered; None without one."""
        newest = Submission.objects.filter(corrects=OuterRef("pk")).exclude(status=Submission.Status.CANCELLED)
        newest = newest.order_by("-pk")
        return self.annotate(
            correction_id=Subquery(newest.values("pk")[:1]),
            correction_status=Subquery(newest.values("status")[:1]),
            approval_asked_by=Subquery(self._open_question().values("asked_by")[:1]),
        )

    @staticmethod
    def _open_question() -> models.QuerySet[Any]:
        approvals = apps.get_model("submissions", "Approval")._default_manager
        return approvals.filter(submission=OuterRef("pk"), approved_at__isnull=True, refused_at__isnull=True)


SubmissionManager = SealedManager.from_queryset(SubmissionQuerySet)


class Submission(OfPeriod, Leased, StatusModel):
    """One report about one customer and one period. `service` is a key of the service catalogue.

    `customer` is whom the report is about, `access` whose rights are used: they differ for an accountant's client.
    `own_reference` and `replaces_reference` are ids that the files themselves carry (`FileReport`), "" for services without.
    `answers` is the dialog in which the authority asked for it; None for what is sent of one's own accord.
    `contradicted_at` is set while the authority's answers disagree and nobody has said which of them stands.
    `left_behind` is the authority's id of what a report that was given up left there, and that could not be removed yet.
    `next_attempt_at` is set while a worker has something to do: to send it, to settle it, or to store its receipt.
    """

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Kladd")
        READY = "READY", _("Klar")
        QUEUED = "QUEUED", _("I kø")
        SENDING = "SENDING", _("Sendes")
        UNCERTAIN = "UNCERTAIN", _("Uavklart")
        DELIVERED = "DELIVERED", _("Levert")
        ACCEPTED = "ACCEPTED", _("Godkjent")
        REJECTED = "REJECTED", _("Avvist")
        NEEDS_PERSON = "NEEDS_PERSON", _("Noen må gjøre noe")
        FAILED = "FAILED", _("Feilet")
        CANCELLED = "CANCELLED", _("Avbrutt")

    TELLS: ClassVar[dict[tuple[str, str], Type]] = {
        ("", Status.DELIVERED): Type.SUBMISSION_DELIVERED,
        ("", Status.ACCEPTED): Type.SUBMISSION_ACCEPTED,
        ("", Status.REJECTED): Type.SUBMISSION_REJECTED,
        ("", Status.NEEDS_PERSON): Type.SUBMISSION_NEEDS_PERSON,
        ("", Status.FAILED): Type.SUBMISSION_FAILED,
    }
    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.READY, Status.CANCELLED},
        Status.READY: {Status.DRAFT, Status.QUEUED, Status.CANCELLED},
        Status.QUEUED: {Status.SENDING, Status.CANCELLED, Status.FAILED, Status.NEEDS_PERSON, Status.DELIVERED},
        Status.SENDING: {
            Status.DELIVERED,
            Status.FAILED,
            Status.UNCERTAIN,
            Status.QUEUED,
            Status.NEEDS_PERSON,
            Status.CANCELLED,
        },
        Status.UNCERTAIN: {Status.DELIVERED, Status.FAILED, Status.QUEUED, Status.NEEDS_PERSON},
        Status.DELIVERED: {Status.ACCEPTED, Status.REJECTED, Status.NEEDS_PERSON},
        Status.NEEDS_PERSON: {Status.DELIVERED, Status.ACCEPTED, Status.REJECTED, Status.QUEUED, Status.CANCELLED},
        Status.ACCEPTED: {Status.REJECTED},  # two answers, and a person says which of them stands
        Status.REJECTED: {Status.ACCEPTED},
        Status.FAILED: set(),
        Status.CANCELLED: {Status.DRAFT},  # a discarded draft, for a while
    }
    UNDER_WAY: ClassVar[set[str]] = {
        Status.QUEUED, Status.SENDING, Status.UNCERTAIN, Status.DELIVERED, Status.NEEDS_PERSON,
    }  # fmt: skip
    """Those without a verdict, and those that a person must settle."""
    DECIDED: ClassVar[frozenset[str]] = frozenset({Status.ACCEPTED, Status.REJECTED})
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="submissions", verbose_name=_("kunde"))
    access = models.ForeignKey(Access, models.PROTECT, null=True, verbose_name=_("tilgang"))
    service = models.CharField(_("tjeneste"), max_length=100)
    reference = models.UUIDField(_("vår referanse"), default=uuid.uuid4, unique=True, editable=False)
    own_reference = models.CharField(_("meldingens egen id"), max_length=100, blank=True)
    replaces_reference = models.CharField(_("id til den den erstatter"), max_length=100, blank=True)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrections", verbose_name=_("retter")
    )
    answers = models.ForeignKey(
        "submissions.Dialog", models.PROTECT, null=True, related_name="material", verbose_name=_("svarer på")
    )
    status = models.CharField(_("tilstand"), max_length=12, choices=Status, default=Status.DRAFT)
    status_at = models.DateTimeField(_("tilstand siden"))
    is_checked = models.BooleanField(_("kontrollert"), default=True)
    errors = models.PositiveIntegerField(_("feil"), default=0)
    warnings = models.PositiveIntegerField(_("advarsler"), default=0)
    findings = EncryptedListField(_("funn i kontrollen"), editable=False)  # stored.Finding
    created_by = models.CharField(_("opprettet av"), max_length=200)
    created_at = models.DateTimeField(_("opprettet"))
    queued_by = models.CharField(_("sendt av"), max_length=200, blank=True)
    queued_at = models.DateTimeField(_("lagt i kø"), null=True, blank=True)
    attempted_at = models.DateTimeField(_("sist forsøkt"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("levert"), null=True, blank=True)
    dialog_id = models.UUIDField(_("dialog"), null=True, blank=True)
    transmission_id = models.UUIDField(_("forsendelse"), null=True, blank=True)
    receipt_reference = models.CharField(_("Skatteetatens referanse"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("avgjort"), null=True, blank=True)
    contradicted_at = models.DateTimeField(_("svarene motsier hverandre siden"), null=True, blank=True)
    reasons = EncryptedListField(_("begrunnelser"), editable=False)  # stored.Reason
    payment = EncryptedJSONField(
        _("å betale"), null=True, editable=False
    )  # stored.Payment; None: the feedback does not say
    problem_detail = models.TextField(_("feil"), blank=True)
    correlation_id = models.CharField(_("korrelasjons-id"), max_length=100, blank=True)
    left_behind = models.CharField(_("ligger igjen hos etaten"), max_length=200, blank=True, db_default="")

    objects = SubmissionManager()

    class Meta:
        verbose_name = _("innsending")
        verbose_name_plural = _("innsendinger")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["DELIVERED", "ACCEPTED", "REJECTED"]) | Q(delivered_at__isnull=False),
                name="delivered_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["QUEUED", "SENDING", "UNCERTAIN"]) | Q(access__isnull=False),
                name="on_its_way_has_access",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "-created_at", "-id"], name="submission_newest"),
            models.Index(fields=["environment", "status", "-created_at", "-id"], name="submission_by_status"),
            models.Index(fields=["environment", "-status_at"], name="submission_changed"),
            models.Index(fields=["environment", "period_start"], name="submission_by_period"),
            models.Index(fields=["customer", "-created_at"], name="submission_by_customer"),
            models.Index(fields=["customer", "service", "period_start"], name="submission_of_period"),
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="submission_due"),
            models.Index(fields=["problem_code"], condition=~Q(problem_code=""), name="submission_problem"),
            models.Index(fields=["dialog_id"], condition=Q(dialog_id__isnull=False), name="submission_by_dialog"),
            models.Index(
                fields=["environment", "delivered_at"],
                include=["customer"],
                condition=Q(delivered_at__isnull=False),
                name="submission_delivered",
            ),
            models.Index(
                fields=["environment", "delivered_at"],
                include=["service", "customer", "status_at", "next_attempt_at", "problem_code"],
                condition=Q(status="DELIVERED"),
                name="submission_unanswered",
            ),
            models.Index(
                fields=["contradicted_at"], condition=Q(contradicted_at__isnull=False), name="submission_contradicted"
            ),
            models.Index(
                fields=["transmission_id"], condition=Q(transmission_id__isnull=False), name="submission_by_sent"
            ),
            models.Index(
                fields=["receipt_reference"], condition=~Q(receipt_reference=""), name="submission_by_receipt"
            ),
            models.Index(fields=["own_reference"], condition=~Q(own_reference=""), name="submission_by_own_id"),
            models.Index(fields=["correlation_id"], condition=~Q(correlation_id=""), name="submission_by_correlation"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.period} {self.customer}"

    @property
    def is_final(self) -> bool:
        return self.status in self.DECIDED | {self.Status.FAILED, self.Status.CANCELLED}

    @property
    def is_moving(self) -> bool:
        """The state will change without user action: the page keeps polling."""
        S = self.Status
        return self.status in {S.QUEUED, S.SENDING, S.UNCERTAIN, S.DELIVERED}


class DocumentQuerySet(OfCustomersQuerySet["Document"]):
    """Stored files."""

    def forms(self) -> Self:
        """What is sent, or was; the others were received."""
        return self.exclude(role__in=Document.Role.values)

    def checked(self) -> Self:
        return self.filter(report__isnull=False)

    def shown(self) -> Self:
        """Those that a page shows as they are. Answers to orders may name people: they have a page of their own."""
        return self.filter(order__isnull=True)

    def unchecked(self) -> Self:
        """Files of a draft that a worker has not looked at yet."""
        return self.filter(report__isnull=True)


DocumentManager = SealedManager.from_queryset(DocumentQuerySet)


class Document(models.Model):
    """A stored file. The bytes are encrypted in the document storage, addressed by the SHA-256 of the plain text.

    `role` is one of `Role` for what was received; for what is sent it is a code of the service's adapter.
    """

    class Role(models.TextChoices):
        RECEIPT = "RECEIPT", _("Kvittering")
        FEEDBACK = "FEEDBACK", _("Tilbakemelding")
        RESULT = "RESULT", _("Svar på bestilling")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="documents", verbose_name=_("kunde"))
    submission = models.ForeignKey(
        Submission, models.CASCADE, null=True, related_name="documents", verbose_name=_("innsending")
    )
    transmission = models.ForeignKey(
        "submissions.Transmission", models.SET_NULL, null=True, related_name="documents", verbose_name=_("forsendelse")
    )
    order = models.ForeignKey(
        "submissions.Order", models.CASCADE, null=True, related_name="documents", verbose_name=_("bestilling")
    )
    attachment_id = models.CharField(_("vedlegg-id"), max_length=40, blank=True)
    role = models.CharField(_("rolle"), max_length=20, blank=True)  # "": not known yet
    filename = EncryptedTextField(_("filnavn"), editable=False)  # comes from outside, and may hold anything
    filename_hash = FilenameHash(_("hash av filnavnet"), max_length=64, editable=False, default="")
    media_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveBigIntegerField(_("størrelse"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    stored_at = models.DateTimeField(_("lagret"))
    upload = models.PositiveIntegerField(_("opplasting"), default=0)  # which upload of the draft brought it
    report = EncryptedJSONField(_("kontroll"), null=True, editable=False)  # stored.Report; None: not checked

    objects = DocumentManager()

    class Meta:
        verbose_name = _("dokument")
        verbose_name_plural = _("dokumenter")
        ordering = ["stored_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["transmission", "attachment_id"],
                condition=Q(transmission__isnull=False),
                name="one_document_per_attachment",
            )
        ]
        indexes = [
            models.Index(fields=["sha256"], name="document_by_hash"),
            models.Index(fields=["filename_hash"], name="document_by_name"),
        ]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """For what was sent or received, and for names of files that leave the portal: a file name may have an identity number in it.

        A draft shows the names as they are, so that a person knows which file is which.
        """
        return without_identity_numbers(self.filename)

    @property
    def is_form(self) -> bool:
        """It is sent, or was; the others were received."""
        return self.role not in self.Role.values


class Call(models.Model):
    """One HTTP call of a submission, planned before it is made. `key` is the idempotency key, the same for every attempt
    until the step starts over.

    `step` is a code of the service's adapter. `meaning` is what the adapter said of the last error; MAYBE stays until
    the call is done, as later errors say nothing of an answer that was lost. `answer` is the receipt (`Receipt` of the
    adapters as JSON) of the call that brought one. `waiting_since`: since then the remote has answered that it works on it.
    """

    class Status(models.TextChoices):
        PLANNED = "PLANNED", _("Planlagt")
        STARTED = "STARTED", _("Påbegynt")
        DONE = "DONE", _("Utført")
        REFUSED = "REFUSED", _("Avslått")
        LOST = "LOST", _("Svaret ble borte")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="calls", verbose_name=_("innsending"))
    ordinal = models.PositiveIntegerField(_("rekkefølge"))
    step = models.CharField(_("steg"), max_length=20)
    document = models.ForeignKey(Document, models.PROTECT, null=True, verbose_name=_("fil"))
    key = models.UUIDField(_("idempotensnøkkel"), null=True)
    may_repeat = models.BooleanField(_("kan gjentas"), default=False)
    status = models.CharField(_("tilstand"), max_length=10, choices=Status, default=Status.PLANNED)
    attempts = models.PositiveIntegerField(_("forsøk"), default=0)
    started_at = models.DateTimeField(_("påbegynt"), null=True, blank=True)
    finished_at = models.DateTimeField(_("avsluttet"), null=True, blank=True)
    waiting_since = models.DateTimeField(_("venter siden"), null=True, blank=True)
    milliseconds = models.PositiveIntegerField(_("millisekunder"), null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(_("HTTP-status"), null=True, blank=True)
    code = models.CharField(_("kode"), max_length=50, blank=True)
    meaning = models.CharField(_("betydning"), max_length=20, blank=True)
    remote_id = models.CharField(_("id hos Skatteetaten"), max_length=100, blank=True)
    answer = EncryptedField(_("svar"), null=True, editable=False)

    objects = SealedManager["Call"]()

    class Meta:
        verbose_name = _("kall")
        verbose_name_plural = _("kall")
        ordering = ["ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "ordinal"], name="one_call_per_ordinal"),
            models.UniqueConstraint(fields=["key"], name="one_call_per_key"),
        ]
        indexes = [models.Index(fields=["remote_id"], condition=~Q(remote_id=""), name="call_by_remote_id")]

    def __str__(self) -> str:
        return f"{self.ordinal}. {self.step}: {self.status}"
