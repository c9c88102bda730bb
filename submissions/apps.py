from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SubmissionsConfig(AppConfig):
    name = "submissions"
    verbose_name = _("Innsendinger")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from submissions import checks  # noqa: F401 - registers them; needs the loaded models
        from submissions.services import spoken, waiting, wanted_scopes
        from submissions.services.due import imported

        imported.register()
        spoken.register()
        waiting.register()
        wanted_scopes.register()
