from functools import partial
from typing import Any

from django.apps import AppConfig
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _


class SubmissionsConfig(AppConfig):
    name = "submissions"
    verbose_name = _("Innsendinger")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from submissions import checks  # noqa: F401 - registers them; needs the loaded models

        self._register_waiting()

    def _register_waiting(self) -> None:
        """A new key in use makes what waits for one due, in this app too."""
        from submissions.models import Dialog, EventSubscription, PollCursor, Submission
        from systemusers.services import keys

        keys.WAITING += [partial(_of_client, model) for model in (Submission, PollCursor, Dialog, EventSubscription)]


def _of_client(model: type[Model], client: Any) -> QuerySet[Any]:
    return model._base_manager.filter(access__profile__system__client=client)
