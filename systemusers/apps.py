from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SystemusersConfig(AppConfig):
    name = "systemusers"
    verbose_name = _("Tilganger")
    default_auto_field = "django.db.models.BigAutoField"
