"""The wiring as a Django app: owns the audit trail.

Loads the Celery application, so that every process can enqueue tasks.
"""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Revisjon")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal import celery  # noqa: F401 - shared tasks need the application to be loaded
        from portal.core import budgets, request_id, upstream
        from portal.core.operation import calls
        from portal.core.outbox import mail  # noqa: F401 - registers the sender of mails
        from portal.core.webhooks import sending  # noqa: F401 - registers the sender of webhooks
        from portal.gateways import http

        http.request_id = request_id.request_id.get
        http.slot = budgets.slot
        for observer in (upstream.note, calls.note):
            if observer not in http.observers:
                http.observers.append(observer)
