"""The OpenAPI 3.1 description: Ninja's, with scopes, the headers and the errors that every call has in common, and examples."""

from __future__ import annotations

from http.client import responses
from typing import Any

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from pydantic.json_schema import models_json_schema

from portal.api.examples import EXAMPLES
from portal.api.problems import TYPE
from portal.api.security import ON_BEHALF_OF, OAuth2
from portal.api.shapes import ProblemShape

READS = (400, 401, 403, 404, 409, 422, 429, 503)
WRITES = (*READS, 408, 412, 413, 415)
ERRORS = {"post": WRITES, "put": WRITES, "delete": WRITES}
MORE = {"list_events": (410,), "get_token": (408, 413, 415)}
"""By operation, beside those that all of a method have with a token."""
CODES = sorted({*WRITES, *(code for codes in MORE.values() for code in codes)})
RATE = {
    "RateLimit-Limit": "Calls that the integration may make in a minute.",
    "RateLimit-Remaining": "Calls that are left of them.",
    "RateLimit-Reset": "Seconds until they are counted anew.",
}
REF = "#/components/schemas/{model}"


class Description(OpenAPISchema):
    """What is said of each operation beside Ninja's own."""

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        details: dict[str, Any] = super().operation_details(operation)
        if guard := guard_of(operation):
            details["parameters"].append(_on_behalf_of())
            for done in details["responses"].values():
                done["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in RATE}
            self._add_problems(details["responses"], ERRORS.get(operation.methods[0].lower(), READS))
            details["description"] = f"{details.get('description', '')}\n\nScope: `{guard.scope.value}`.".strip()
        self._add_problems(details["responses"], MORE.get(details["operationId"], ()))
        for parameter in details["parameters"]:  # Ninja copies JSON Schema's list; of a parameter, OpenAPI wants one
            if examples := parameter.pop("examples", None):
                parameter["example"] = examples[0]
        for name, value in EXAMPLES.get(details["operationId"], {}).items():
            content = details["requestBody"]["content"] if name == "body" else details["responses"][name]["content"]
            for media in content.values():
                media["example"] = value
        return details

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        guard = guard_of(operation)
        if guard is None:
            return None
        self.securitySchemes["OAuth2"] = guard.openapi_security_schema
        return [{"OAuth2": [guard.scope.value]}]

    def responses(self, operation: Operation) -> dict[Any, Any]:
        """With texts as keys, as in JSON."""
        return {str(status): details for status, details in super().responses(operation).items()}

    def get_components(self) -> dict[str, Any]:
        """With what the operations refer to: the errors, and the headers of the rate."""
        _map, schema = models_json_schema([(ProblemShape, "serialization")], ref_template=REF)
        self.add_schema_definitions(schema["$defs"])
        content = {TYPE: {"schema": {"$ref": REF.format(model="ProblemShape")}}}
        return {
            **super().get_components(),
            "responses": {f"Problem{code}": {"description": responses[code], "content": content} for code in CODES},
            "headers": {name: {"description": text, "schema": {"type": "integer"}} for name, text in RATE.items()},
        }

    def _add_problems(self, answers: dict[str, Any], codes: tuple[int, ...]) -> None:
        for code in codes:
            answers[str(code)] = {"$ref": f"#/components/responses/Problem{code}"}


def guard_of(operation: Operation) -> OAuth2 | None:
    return next((each for each in operation.auth_callbacks if isinstance(each, OAuth2)), None)


def _on_behalf_of() -> dict[str, Any]:
    text = (
        "The e-mail address of the employee for whom the integration acts. They must have a role that allows the call."
    )
    return {
        "in": "header", "name": ON_BEHALF_OF, "required": False, "description": text,
        "schema": {"type": "string", "maxLength": 254},
    }  # fmt: skip
