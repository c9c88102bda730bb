"""The app of the tax return: Data, Confirmation, Feedback, ended.

The app takes an exchanged token only. What it refuses with which status is published in part: text/xml and a file name without
quotation marks are required, and the process stands while a file is being scanned.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from werkzeug.wrappers import Response

from ..altinn import rights
from ..kernel import Call, Kernel, job
from ..replies import Reply, as_json, empty
from ..routing import route
from ..skatteetaten.catalogue import TAX_RETURN
from ..skatteetaten.tax_returns import caller, envelope, faults_of
from ..skatteetaten.upload_validation import TEST_VIRUS
from .records import Element, Instance

APP = "skd/formueinntekt-skattemelding-v2"
BASE = f"/apps/{APP}/instances"
STORAGE = "/platform/storage/api/v1/instances"
READ, WRITE = "altinn:instances.read", "altinn:instances.write"
JOB = "apps.feedback"
TYPES = {"skattemeldingOgNaeringsspesifikasjon": "text/xml", "skattemelding-vedlegg": "application/pdf"}
ANSWER = "tilbakemelding"
TASKS = {"data": "Task_1", "confirmation": "Task_2", "feedback": "Task_3"}
PAGE = 50
_FILENAME = re.compile(r'attachment;\s*filename=([^";\s]+)')


@route("GET", STORAGE)
def listed(call: Call) -> Response:
    """The caller's instances of one app and one owner, a page at a time."""
    token_user = _caller(call, READ)
    scheme, _colon, orgnr = call.request.headers.get("X-Ai-InstanceOwnerIdentifier", "").partition(":")
    if scheme.lower() != "organisation" or call.request.args.get("appId") != APP:
        return _problem(400, "Either InstanceOwner or AppId need to be defined.")
    if orgnr != token_user.orgnr and orgnr not in token_user.clients:
        return empty(status=403)
    live = [one for one in call.state.apps.instances.values() if one.orgnr == orgnr and not one.deleted]
    start = int(call.request.args.get("continuationToken") or 0)
    rows = live[start : start + PAGE]
    following = f"{call.sandbox.origin}{STORAGE}?appId={quote(APP, safe='')}&continuationToken={start + PAGE}"
    has_more = len(live) > start + PAGE
    body = {
        "count": len(rows),
        "instances": [_shown(call, one) for one in rows],
        "next": following if has_more else None,
    }
    return as_json(body)


@route("POST", BASE)
def create(call: Call) -> Response:
    user = _caller(call, WRITE)
    body = _json(call)
    owner = body.get("instanceOwner")
    orgnr = str(owner.get("organisationNumber") or "") if isinstance(owner, dict) else ""
    if body.get("appId") not in (None, APP) or not orgnr:
        return _problem(400, "The instance has no owner, or is for another app.")
    if not rights.may_use(call.state, user, resource_id=TAX_RETURN.resource, party_orgnr=orgnr, now=call.now):
        return empty(status=403)
    given = body.get("dataValues")
    values = {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    created = call.now + timedelta(microseconds=len(call.state.apps.instances))  # no two at the same moment
    instance = Instance(
        id=f"{50_000_000 + int(orgnr) % 10**7}/{call.state.uuid4()}", orgnr=orgnr, vendor=user.system_id,
        system_user_id=user.id, created=created, values=values,
    )  # fmt: skip
    call.state.apps.instances[instance.id] = instance
    return as_json(_shown(call, instance), status=201)


@route("GET", f"{BASE}/<party>/<guid>")
def read(call: Call, party: str, guid: str) -> Response:
    return as_json(_shown(call, _mine(call, READ, party, guid)))


@route("DELETE", f"{BASE}/<party>/<guid>")
def delete(call: Call, party: str, guid: str) -> Response:
    """As in the inbox. The app keeps what is with the authority."""
    instance = _mine(call, WRITE, party, guid)
    if not call.state.settings.system_users_delete_instances or instance.task not in ("data", "confirmation"):
        return empty(status=403)
    instance.deleted = True
    return as_json(_shown(call, instance))


@route("POST", f"{BASE}/<party>/<guid>/data")
def upload(call: Call, party: str, guid: str) -> Response:
    instance = _mine(call, WRITE, party, guid)
    wanted = TYPES.get(call.request.args.get("dataType", ""))
    name = _FILENAME.fullmatch(call.request.headers.get("Content-Disposition", ""))
    if wanted is None or name is None:
        return _problem(400, "The data type is unknown, or the file name is missing or in quotation marks.")
    if call.request.mimetype != wanted:
        return _problem(415, f"The content type must be {wanted}.")
    if instance.task != "data":
        return _problem(409, "The process is not in a task that takes data.")
    element = Element(
        id=call.state.uuid4(), type=call.request.args["dataType"], filename=name[1], media_type=wanted,
        content=call.request.get_data().decode("utf-8", errors="replace"), created=call.now,
        scanned_at=call.now + timedelta(seconds=call.state.settings.virus_scan_seconds),
    )  # fmt: skip
    instance.data.append(element)
    return as_json(_element(call, element), status=201)


@route("GET", f"{BASE}/<party>/<guid>/data/<element_id>")
def download(call: Call, party: str, guid: str, element_id: str) -> Response:
    instance = _mine(call, READ, party, guid)
    element = next((one for one in instance.data if one.id == element_id), None)
    return Response(element.content, content_type=element.media_type) if element else empty(status=404)


@route("PUT", f"{BASE}/<party>/<guid>/process/next")
def go_on(call: Call, party: str, guid: str) -> Response:
    """A system user may bring it to Confirmation. Whether it may confirm is disputed: the sandbox says no."""
    instance = _mine(call, WRITE, party, guid)
    if instance.task != "data":
        return empty(status=403)
    if any(scan_of(call.now, element) == "Pending" for element in instance.data):
        return _problem(409, "A file is still being scanned.")
    forms = [element for element in instance.data if element.type != "skattemelding-vedlegg"]
    if len(forms) != 1 or any(scan_of(call.now, element) == "Infected" for element in instance.data):
        return _problem(409, "The instance needs one return, and no infected file.")
    root = envelope(forms[0].content.encode())
    if root is None or faults_of(root, instance.values.get("inntektsaar", ""), instance.orgnr):
        return _problem(409, "The return does not pass the control.")
    instance.task = "confirmation"
    return as_json(_process(call, instance))


def confirm(sandbox: Kernel, instance: Instance, now: datetime) -> None:
    """What a person with the right role does in Altinn. Skatteetaten's answer follows."""
    if instance.task == "confirmation":
        instance.task = "feedback"
        delay = timedelta(seconds=sandbox.state.settings.feedback_delay_seconds)
        sandbox.state.schedule(due=now + delay, kind=JOB, data={"instance_id": instance.id})


@job(JOB)
def _feedback_due(sandbox: Kernel, data: dict[str, Any], due: datetime) -> None:
    instance = sandbox.state.apps.instances.get(data["instance_id"])
    if instance is None or instance.task != "feedback":
        return
    text = '<?xml version="1.0" encoding="UTF-8"?><tilbakemelding><tekst>Mottatt</tekst></tilbakemelding>'
    ident = sandbox.state.uuid4()
    answer = Element(
        id=ident, type=ANSWER, filename="tilbakemelding.xml", media_type="application/xml", content=text,
        created=due, scanned_at=due,
    )  # fmt: skip
    instance.data.append(answer)
    instance.task = ""


def scan_of(now: datetime, element: Element) -> str:
    """Altinn's word for the result of the virus scan."""
    if now < element.scanned_at:
        return "Pending"
    return "Infected" if TEST_VIRUS in element.content else "Clean"


def _caller(call: Call, scope: str) -> Any:
    """The system user of an exchanged token. A raw Maskinporten token is refused with 401."""
    return caller(call, issuer="altinn", scope=scope)[1]


def _mine(call: Call, scope: str, party: str, guid: str) -> Instance:
    user = _caller(call, scope)
    instance = call.state.apps.instances.get(f"{party}/{guid}")
    if instance is None:
        raise Reply(empty(status=404))
    if not rights.may_use(call.state, user, resource_id=TAX_RETURN.resource, party_orgnr=instance.orgnr, now=call.now):
        raise Reply(empty(status=403))
    return instance


def _shown(call: Call, instance: Instance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "instanceOwner": {"partyId": instance.id.partition("/")[0], "organisationNumber": instance.orgnr},
        "appId": APP,
        "org": "skd",
        "selfLinks": {"apps": f"{call.sandbox.origin}{BASE}/{instance.id}"},
        "process": _process(call, instance),
        "status": {"isArchived": not instance.task, "isSoftDeleted": instance.deleted, "isHardDeleted": False},
        "dataValues": instance.values,
        "data": [_element(call, element) for element in instance.data],
        "created": instance.created,
    }


def _process(call: Call, instance: Instance) -> dict[str, Any]:
    if not instance.task:
        return {"started": instance.created, "currentTask": None, "ended": call.now}
    task = {"elementId": TASKS[instance.task], "altinnTaskType": instance.task}
    return {"started": instance.created, "currentTask": task, "ended": None}


def _element(call: Call, element: Element) -> dict[str, Any]:
    return {
        "id": element.id,
        "dataType": element.type,
        "filename": element.filename,
        "contentType": element.media_type,
        "size": len(element.content.encode()),
        "fileScanResult": scan_of(call.now, element),
        "created": element.created,
    }


def _json(call: Call) -> dict[str, Any]:
    try:
        body = call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Reply(_problem(400, "The body is not JSON.")) from None
    return body if isinstance(body, dict) else {}


def _problem(status: int, detail: str) -> Response:
    body = {"title": "Conflict" if status == 409 else "Bad request", "status": status, "detail": detail}
    return as_json(body, status=status, content_type="application/problem+json")
