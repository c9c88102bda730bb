"""Altinn's errors: problem+json with an AUTH code, and the list of validation errors.

Callers must use `code`; the texts are the sandbox's own.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from ..replies import Reply, as_json

PROBLEM = "application/problem+json"
TITLES = {
    "AUTH-00000": (400, "The organisation number of the customer is unknown."),
    "AUTH-00001": (400, "One or more rights are not found, not given, or not delegable."),
    "AUTH-00004": (400, "A system user already exists for this system, organisation and external reference."),
    "AUTH-00006": (400, "The same request is already accepted."),
    "AUTH-00007": (400, "The same request is already pending."),
    "AUTH-00008": (400, "The same request is already denied."),
    "AUTH-00009": (400, "The same request is already rejected."),
    "AUTH-00010": (404, "The request id is unknown."),
    "AUTH-00011": (404, "The system is unknown."),
    "AUTH-00013": (409, "The status of the request is not New."),
    "AUTH-00015": (404, "The system user is not found."),
    "AUTH-00016": (403, "The person lacks the role it takes to approve."),
    "AUTH-00017": (404, "The system has no name in bokmål."),
    "AUTH-00021": (400, "The redirect address is not registered on the system."),
    "AUTH-00023": (401, "The token has no organisation number."),
    "AUTH-00026": (400, "The system has no redirect addresses."),
    "AUTH-00053": (400, "The person may not delegate the access packages."),
    "AUTH-00058": (400, "An agent request needs at least one access package."),
    "AUTH-00059": (400, "Neither rights nor access packages are given."),
    "AUTH-00061": (409, "The status of the change request is not New."),
    "AUTH-00063": (400, "An access package is not registered on the system."),
    "AUTH-00064": (400, "An access package cannot be given to a standard system user."),
    "AUTH-00065": (400, "An access package cannot be given to an agent system user."),
    "AUTH-00066": (403, "The person has no relation to the organisation."),
    "AUTH-00068": (403, "The person lacks an access package."),
    "AUTH-00079": (400, "The client is unknown."),
    "AUTH-00080": (400, "The client lacks access packages of the agent system user."),
}
RULES = {
    0: ("/vendor/id", "The vendor id is not of the form 0192:<organisation number>."),
    1: ("/systemid", "The system id does not begin with the vendor's organisation number and an underscore."),
    2: ("/systemid", "The system id already exists."),
    3: ("/rights/resource", "A resource is not found in the resource registry."),
    4: ("/clientid", "A client id belongs to another system."),
    5: ("/allowedredirecturls", "A redirect address is not an absolute https address."),
    6: ("/rights/resource", "The same right is given twice."),
    7: ("/accesspackages", "The same access package is given twice."),
    8: ("/accesspackages", "An access package is malformed, unknown or not delegable."),
    9: ("/rights/resource", "A resource id is not urn:altinn:resource."),
    11: ("/clientid", "A client id is given twice."),
    12: ("/systemid", "The id in the body is not the id in the address."),
    13: ("/systemid", "The system id has blanks."),
    14: ("?agent", "The agent is missing, invalid or not found."),
    15: ("?agent", "The system user is not an agent."),
    16: ("?client", "The client is missing or invalid."),
    17: ("/rights/resource", "The type of a resource cannot be delegated."),
    18: ("/accesspackages", "A visible system cannot have packages for clients only."),
}
TRACE = "00-00000000000000000000000000000000-0000000000000000-00"
RFC = "https://tools.ietf.org/html/rfc9110#section"
CRASHED = "An error occurred while processing your request."


def problem(code: str, **extensions: Any) -> Response:
    status, title = TITLES[code]
    body = {
        "type": f"urn:altinn:error:{code}", "title": title, "status": status, "code": code, "traceId": TRACE,
        "statusDescription": HTTPStatus(status).phrase, **extensions,
    }  # fmt: skip
    return as_json(body, status=status, content_type=PROBLEM)


def refuse(code: str, **extensions: Any) -> Reply:
    """To raise."""
    return Reply(problem(code, **extensions))


def rule(number: int, extra: tuple[str, list[str]] | None = None) -> dict[str, Any]:
    """One validation error. `extra` is a member with an unusual name and the values it is about."""
    path, title = RULES[number]
    pointer = path if path.startswith("?") else f"/registersystemrequest{path}"
    error: dict[str, Any] = {"code": f"AUTH.VLD-{number:05}", "title": title, "paths": [pointer]}
    return {**error, extra[0]: " | ".join(extra[1])} if extra else error


def invalid(errors: list[dict[str, Any]]) -> Response:
    body = {
        "type": "urn:altinn:error:STD-00000", "title": "One or more validation errors occurred.", "status": 400,
        "code": "STD-00000", "statusDescription": "Bad Request", "traceId": TRACE, "validationErrors": errors,
    }  # fmt: skip
    return as_json(body, status=400, content_type=PROBLEM)


def crashed() -> Reply:
    """To raise where the real service fails with its generic 500. It has no marker of a bug of the sandbox."""
    body = {"type": f"{RFC}-15.6.1", "title": CRASHED, "status": 500, "traceId": TRACE}
    return Reply(as_json(body, status=500, content_type=PROBLEM))


def malformed(**errors: list[str]) -> Response:
    """ASP.NET's own form: a missing required member, a wrong type, an id that is not a GUID."""
    body = {
        "type": f"{RFC}-15.5.1", "title": "One or more validation errors occurred.",
        "status": 400, "errors": errors, "traceId": TRACE,
    }  # fmt: skip
    return as_json(body, status=400, content_type=PROBLEM)
