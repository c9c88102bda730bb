"""Inbox: local copies of Dialogporten's rows. Dialogs are `Leased`: workers claim them when they are due."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, OfCustomersQuerySet, followed
from portal.core.crypto import PackedJSONField, SealedManager
from portal.core.database import has_row
from portal.core.environments import Environment
from portal.core.lease import Leased
from submissions.models.submission import Submission, SubmissionQuerySet
from submissions.models.texts import WithTexts
from systemusers.models import Access


class DialogQuerySet(OfCustomersQuerySet["Dialog"]):
    @classmethod
    def owed(cls) -> Q:
        """About a report of ours that is owed. Asked of each dialog by itself: all such reports of a large vendor are too many."""
        owed = Submission.objects.filter(SubmissionQuerySet.owed())
        return has_row(Transmission.objects.filter(dialog=OuterRef("pk"), submission__in=owed))

    def to_pull(self) -> DialogQuerySet:
        """Those of customers that are followed, and those that tell what became of a report of ours."""
        ours = Transmission.objects.filter(dialog=OuterRef("pk"), submission__isnull=False)
        return self.filter(followed() | has_row(ours))

    def present(self) -> DialogQuerySet:
        """Those that are still in the customer's inbox, as far as we can see."""
        return self.filter(gone_at__isnull=True)

    def with_answer(self) -> DialogQuerySet:
        """Annotates type and submission of the newest transmission about a report of ours, and the newest report of the dialog
        that needs correction, which may be another one.
        """
        ours = Transmission.objects.filter(dialog=OuterRef("pk"), submission__isnull=False).order_by(
            "-created_at", "-pk"
        )
        wrong = Submission.objects.needing_correction().filter(transmissions__dialog=OuterRef("pk"))
        return self.annotate(
            newest_type=Subquery(ours.values("type")[:1]),
            submission_id=Subquery(ours.values("submission")[:1]),
            wrong_id=Subquery(wrong.order_by("-pk").values("pk")[:1]),
        )


class Dialog(WithTexts, Leased):
    """Local copy of a dialog's list item. Names and values are Dialogporten's; never fetched by GET dialog.

    `next_attempt_at` is set until its transmissions and activities are here. `due_at` is the customer's deadline.
    `gone_at` is set when it is no longer in the inbox; what we have fetched is kept. `missing_since`: the list did not have it.
    `news_at`: when its newest content came to us; what is older than our access counts from when it was written.
    `news_before`: what it was before content of which it is not known yet who wrote it; what we sent ourselves is no news.
    `assignee` None: whoever follows up the customer. `handled_at`: a person here is done with it, until new content comes.
    """

    class Gone(models.TextChoices):
        DELETED = "DELETED", _("Slettet av avsenderen")
        HIDDEN = "HIDDEN", _("Utløpt eller skjult")
        NOT_OURS = "NOT_OURS", _("Ikke lenger åpen for oss")

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="dialogs", verbose_name=_("kunde"))
    access = models.ForeignKey(Access, models.PROTECT, verbose_name=_("sett gjennom tilgangen"))
    dialog_id = models.UUIDField(_("dialog-id"))
    org = models.CharField(_("tjenesteeier"), max_length=50)
    service_resource = models.CharField(_("ressurs"), max_length=255)
    status = models.CharField(_("status"), max_length=30)
    extended_status = models.CharField(_("utvidet status"), max_length=255, blank=True)
    external_reference = models.CharField(_("ekstern referanse"), max_length=255, blank=True)
    title = models.TextField(_("tittel"))
    summary = models.TextField(_("sammendrag"), blank=True)
    progress = models.PositiveSmallIntegerField(_("fremdrift"), null=True, blank=True)
    due_at = models.DateTimeField(_("frist"), null=True, blank=True)
    created_at = models.DateTimeField(_("opprettet"))
    updated_at = models.DateTimeField(_("oppdatert"))
    content_updated_at = models.DateTimeField(_("innhold oppdatert"))
    transmissions_at = models.DateTimeField(_("forsendelser hentet for innhold fra"), null=True, blank=True)
    is_content_seen = models.BooleanField(_("sett hos kunden"), default=False)
    context_revision = models.CharField(_("versjon av merkene"), max_length=40, blank=True)
    system_labels: models.JSONField[list[str], list[str]] = models.JSONField(_("merker"), default=list)
    listed_at = models.DateTimeField(_("sist i listen"), null=True, blank=True)
    missing_since = models.DateTimeField(_("ikke i listen siden"), null=True, blank=True)
    gone_at = models.DateTimeField(_("borte siden"), null=True, blank=True)
    gone_reason = models.CharField(_("hvorfor den er borte"), max_length=10, choices=Gone, blank=True)
    news_at = models.DateTimeField(_("nytt innhold kom"), db_default=Now())
    news_before = models.DateTimeField(_("nytt innhold kom, før det siste"), null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("ansvarlig")
    )
    handled_at = models.DateTimeField(_("ferdig"), null=True, blank=True)
    handled_by = models.CharField(_("ferdig, merket av"), max_length=200, blank=True)

    objects = DialogQuerySet.as_manager()

    class Meta:
        verbose_name = _("dialog")
        verbose_name_plural = _("dialoger")
        ordering = ["-content_updated_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "dialog_id"], name="one_copy_per_dialog"),
            models.CheckConstraint(
                condition=Q(gone_at__isnull=True, gone_reason="") | Q(gone_at__isnull=False, gone_reason__gt=""),
                name="gone_dialog_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(handled_at__isnull=True, handled_by="") | Q(handled_at__isnull=False, handled_by__gt=""),
                name="handled_dialog_says_by_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "-content_updated_at", "-id"], name="dialog_newest"),
            models.Index(fields=["customer", "-content_updated_at"], name="dialog_by_customer"),
            models.Index(fields=["environment", "status", "-content_updated_at", "-id"], name="dialog_by_status"),
            models.Index(
                fields=["environment", "due_at", "id"],
                include=["customer", "status", "handled_at"],
                condition=Q(due_at__isnull=False, gone_at__isnull=True) & ~Q(status="Completed"),
                name="dialog_deadline",
            ),
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="dialog_due"),
            models.Index(
                fields=["environment", "-content_updated_at", "-id"],
                condition=~Q(problem_code=""),
                name="dialog_with_problem",
            ),
            models.Index(
                fields=["environment", "-news_at", "-id"],
                include=["customer"],
                condition=Q(gone_at__isnull=True, handled_at__isnull=True),
                name="dialog_news",
            ),
            models.Index(
                fields=["environment", "-content_updated_at", "-id"],
                condition=Q(handled_at__isnull=False),
                name="dialog_handled",
            ),
            models.Index(
                fields=["assignee", "-content_updated_at", "-id"],
                condition=Q(assignee__isnull=False),
                name="dialog_assigned",
            ),
            models.Index(fields=["access", "listed_at"], condition=Q(gone_at__isnull=True), name="dialog_present"),
            models.Index(
                fields=["external_reference"], condition=~Q(external_reference=""), name="dialog_by_reference"
            ),
            models.Index(
                fields=["environment", "-content_updated_at", "-id"],
                condition=Q(gone_at__isnull=False),
                name="dialog_gone",
            ),
            models.Index(
                fields=["service_resource"],
                condition=Q(gone_at__isnull=True) & ~Q(status="Completed"),
                name="dialog_open_by_resource",
            ),
        ]

    def __str__(self) -> str:
        return self.title


SKATTEETATEN = frozenset({"ske", "skd"})
"""Its codes as a service owner."""
FROM_PARTY = frozenset({"Submission", "Correction"})
"""Types of transmissions that the customer's side sent: never an answer."""
ANSWERS = frozenset({"Acceptance", "Rejection"})


class DialogSource(models.Model):
    """A dialog as Dialogporten's list last gave it, whole: with what we have no column for."""

    dialog = models.OneToOneField(Dialog, models.CASCADE, related_name="source", verbose_name=_("dialog"))
    content = PackedJSONField(_("svaret fra Dialogporten"))
    kept_at = models.DateTimeField(_("hentet"))

    objects = SealedManager["DialogSource"]()

    class Meta:
        verbose_name = _("dialog slik Dialogporten ga den")
        verbose_name_plural = _("dialoger slik Dialogporten ga dem")

    def __str__(self) -> str:
        return str(self.dialog_id)


class TransmissionQuerySet(models.QuerySet["Transmission"]):
    def visible_to(self, user: Any, *, environment: Environment) -> Self:
        return self.filter(dialog__in=Dialog.objects.visible_to(user).filter(environment=environment))

    def current(self) -> Self:
        """Without letters to customers whose relation has ended."""
        return self.filter(dialog__customer__end_asked_at__isnull=True)

    def letters(self) -> Self:
        """What Skatteetaten has written of its own accord: it answers nothing that was sent in."""
        return self.filter(LETTER, dialog__org__in=SKATTEETATEN)

    def unread(self) -> Self:
        """Those that nobody here has read. What the sender has taken back is no longer to be read."""
        return self.filter(read_at__isnull=True, deleted_at__isnull=True, dialog__gone_at__isnull=True)


LETTER = Q(related_id__isnull=True, submission__isnull=True) & ~Q(type__in=sorted(FROM_PARTY | ANSWERS))


class Transmission(WithTexts):
    """Local copy of one transmission.

    `content_reference` is the address that tells the sender that a person has opened it, "" without one.
    `stored_at` is when it came here; None for one that came before that was noted.
    `verdict` is what it says of its submission: one of `Submission.DECIDED`, "" for none or while its documents are not here.
    `read_at` is when somebody here read a letter first; `read_by` is "" for one that was old when we began to follow the customer.
    """

    dialog = models.ForeignKey(Dialog, models.CASCADE, related_name="transmissions", verbose_name=_("dialog"))
    transmission_id = models.UUIDField(_("forsendelse-id"))
    related_id = models.UUIDField(_("svar på"), null=True, blank=True)
    type = models.CharField(_("type"), max_length=30)
    title = models.TextField(_("tittel"))
    summary = models.TextField(_("sammendrag"), blank=True)
    external_reference = models.CharField(_("ekstern referanse"), max_length=255, blank=True)
    is_authorized = models.BooleanField(_("tilgjengelig for oss"), default=True)
    created_at = models.DateTimeField(_("opprettet"))
    stored_at = models.DateTimeField(_("kom hit"), null=True, blank=True, db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(_("slettet av avsenderen"), null=True, blank=True)
    content_reference = models.TextField(_("adresse som sier at den er åpnet"), blank=True)
    verdict = models.CharField(
        _("utfall"), max_length=12, choices=Submission.Status, blank=True, editable=False, db_default=""
    )
    read_at = models.DateTimeField(_("lest"), null=True, blank=True)
    read_by = models.CharField(_("lest av"), max_length=200, blank=True)
    submission = models.ForeignKey(
        Submission, models.SET_NULL, null=True, related_name="transmissions", verbose_name=_("innsending")
    )

    objects = TransmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("forsendelse")
        verbose_name_plural = _("forsendelser")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["dialog", "transmission_id"], name="one_copy_per_transmission"),
            models.CheckConstraint(
                condition=Q(read_by="") | Q(read_at__isnull=False), name="read_transmission_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], condition=LETTER, name="letter_newest"),
            models.Index(fields=["-stored_at"], condition=LETTER, name="letter_stored"),
            models.Index(fields=["transmission_id"], name="transmission_by_id"),
            models.Index(fields=["dialog"], condition=LETTER & Q(read_at__isnull=True), name="letter_unread"),
            models.Index(
                fields=["-created_at", "-id"],
                include=["dialog"],
                condition=LETTER & Q(read_at__isnull=True, deleted_at__isnull=True),
                name="letter_unread_newest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.title}"


class Activity(WithTexts):
    """Local copy of one activity on a dialog."""

    dialog = models.ForeignKey(Dialog, models.CASCADE, related_name="activities", verbose_name=_("dialog"))
    activity_id = models.UUIDField(_("aktivitet-id"))
    type = models.CharField(_("type"), max_length=40)
    description = models.TextField(_("beskrivelse"), blank=True)
    created_at = models.DateTimeField(_("opprettet"))

    class Meta:
        verbose_name = _("aktivitet")
        verbose_name_plural = _("aktiviteter")
        ordering = ["created_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["dialog", "activity_id"], name="one_copy_per_activity")]

    def __str__(self) -> str:
        return self.type
