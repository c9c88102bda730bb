from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Kunder og ansatte")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.models import Alarm, Proposal
        from accounts.services import factors, single_sign_on
        from accounts.services.imports import tagging
        from portal.explain.audit import SPOKEN

        tagging.register()
        SPOKEN["factor"] = factors.name_of
        SPOKEN["alarm"] = lambda code: str(dict(Alarm.Kind.choices).get(code, code))
        SPOKEN["act"] = lambda code: str(dict(Proposal.Kind.choices).get(code, code))
        SPOKEN["why"] = single_sign_on.reason_of
