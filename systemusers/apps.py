from django.apps import AppConfig


class SystemusersConfig(AppConfig):
    name = "systemusers"
    default_auto_field = "django.db.models.BigAutoField"
