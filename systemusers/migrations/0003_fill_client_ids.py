from __future__ import annotations

from typing import Any

from django.db import migrations


def fill(apps: Any, schema_editor: Any) -> None:
    """Until now a system had one client id, that of its client. Altinn releases those of a deleted system."""
    systems = apps.get_model("systemusers", "System").objects
    for system in systems.filter(client_ids=[]).exclude(status="DELETED").select_related("client").iterator():
        system.client_ids = [system.client.client_id]
        system.drift = [{**entry, "field": _renamed(entry["field"])} for entry in system.drift]
        systems.filter(pk=system.pk).update(client_ids=system.client_ids, drift=system.drift)


def _renamed(field: str) -> str:
    return "client_ids" if field == "client" else field


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("systemusers", "0002_a_system_has_many_clients")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
