"""The company that runs this portal, and the form of an organisation number."""

from __future__ import annotations

from django.core.validators import FileExtensionValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

ORGNR = RegexValidator(r"^[2389]\d{8}$", _("Et organisasjonsnummer har ni sifre og begynner på 2, 3, 8 eller 9."))

LOGO_TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "svg": "image/svg+xml",
}  # fmt: skip
"""What a logo may be, by the ending of its name."""


class Language(models.TextChoices):
    NB = "nb", "Bokmål"
    NN = "nn", "Nynorsk"
    EN = "en", "English"


class Vendor(models.Model):
    """The company that runs this portal, as customers see it on our pages. One row."""

    name = models.CharField(_("navn"), max_length=200)
    orgnr = models.CharField(_("organisasjonsnummer"), max_length=9, validators=[ORGNR])
    logo = models.FileField(
        _("logo"), upload_to="logo/", blank=True, validators=[FileExtensionValidator(list(LOGO_TYPES))]
    )
    support_email = models.EmailField(_("e-post for hjelp"), blank=True)
    support_phone = models.CharField(_("telefon for hjelp"), max_length=30, blank=True)
    tells_opened = models.BooleanField(_("si fra til Skatteetaten når noen hos oss åpner et svar"), default=False)
    labels_dialogs = models.BooleanField(_("la saksbehandlere arkivere dialoger i kundens innboks"), default=False)

    class Meta:
        verbose_name = _("leverandør")
        verbose_name_plural = _("leverandør")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_vendor")]

    def __str__(self) -> str:
        return self.name
