"""The part of `/control` for apps in Altinn: what a person does with an instance there."""

from __future__ import annotations

from werkzeug.wrappers import Response

from ..apps import tax_return
from ..apps.records import Instance
from ..kernel import Call
from ..replies import as_json, empty
from ..routing import route
from .input import not_found, wrong

INSTANCES = "/control/app-instances"


@route("GET", INSTANCES)
def instances(call: Call) -> Response:
    """Without the files."""
    rows = call.state.apps.instances.values()
    names = ("id", "orgnr", "task", "created", "deleted")
    return as_json([{name: getattr(row, name) for name in names} for row in rows])


@route("POST", f"{INSTANCES}/<party>/<guid>/confirm")
def confirm(call: Call, party: str, guid: str) -> Response:
    """A person with the right role confirms what is ready."""
    instance = _instance(call, party, guid)
    if instance.task != "confirmation" or instance.deleted:
        raise wrong(f"the task is {instance.task or 'ended'}, and only confirmation can be confirmed.", field="guid")
    tax_return.confirm(call.sandbox, instance, call.now)
    return empty(status=204)


@route("DELETE", f"{INSTANCES}/<party>/<guid>")
def delete(call: Call, party: str, guid: str) -> Response:
    """A person deletes it in the inbox."""
    _instance(call, party, guid).deleted = True
    return empty(status=204)


def _instance(call: Call, party: str, guid: str) -> Instance:
    found = call.state.apps.instances.get(f"{party}/{guid}")
    if found is None:
        raise not_found("instance", f"{party}/{guid}")
    return found
