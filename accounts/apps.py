from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Kunder og ansatte")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.services.imports import tagging

        tagging.register()
