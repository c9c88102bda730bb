"""The customer's decisions: who may approve, and the effect of approving, rejecting, escalating and removing.

The approval pages and the control calls both use it. A refusal is a Reply with Altinn's own code.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..state import ChangeRequest, Organisation, Person, Request, State, SystemUser
from . import catalogue, lookup, parsing
from .problems import refuse
from .records import PREFIX

ACCESS_MANAGERS = frozenset({"DAGL", "LEDE", "INNH", "tilgangsstyrer", "hovedadministrator"})
MANAGER = Person(name="Kari Nordmann", roles=["DAGL"])
EMPLOYEE = Person(name="Per Hansen", roles=["ansatt"])
WITHOUT_ROLE = Person(name="Ukjent Person", roles=[])


def persons_of(organisation: Organisation) -> list[Person]:
    """The persons a tester can act as. Added when missing: a managing director, an employee, and a person without roles."""
    known = list(organisation.persons)
    if not any(is_access_manager(person) for person in known):
        known.insert(0, _with_unique_name(known, MANAGER))
    if not any(person.roles and not is_access_manager(person) for person in known):
        known.append(_with_unique_name(known, EMPLOYEE))
    if all(person.roles for person in known):
        known.append(_with_unique_name(known, WITHOUT_ROLE))
    return known


def _with_unique_name(known: list[Person], wanted: Person) -> Person:
    """`wanted` under a name that no other person has."""
    names = {person.name for person in known}
    endings = ("", " den yngre", " den eldre", *(f" {number}" for number in range(2, len(names) + 3)))
    free = next(wanted.name + ending for ending in endings if wanted.name + ending not in names)
    return Person(name=free, roles=list(wanted.roles))


def is_access_manager(person: Person) -> bool:
    return bool(ACCESS_MANAGERS & set(person.roles))


def check_manager(person: Person) -> None:
    """Raises Reply: AUTH-00066 without any relation, AUTH-00016 for a person who is only an employee."""
    if not person.roles:
        raise refuse("AUTH-00066")
    if not is_access_manager(person):
        raise refuse("AUTH-00016")


def check_powers(state: State, person: Person, rights: list[dict[str, Any]], packages: list[str]) -> None:
    """The person must be able to delegate every right and every package. Raises Reply."""
    for resource_id in parsing.resource_ids(rights):
        _check_resource(state, person, resource_id)
    missing = [urn for urn in packages if not _holds(person, urn.removeprefix(PREFIX))]
    if missing:
        raise refuse("AUTH-00053", Missing=missing)


def _check_resource(state: State, person: Person, resource_id: str) -> None:
    resource = catalogue.resource(state, resource_id)
    if resource is None or not resource.delegable:
        raise refuse("AUTH-00001", NotDelegable=[resource_id])
    if resource.packages and not any(_holds(person, code) for code in resource.packages):
        raise refuse("AUTH-00068", Missing=[resource_id])


def _holds(person: Person, code: str) -> bool:
    return person.packages is None or code in person.packages


def approve(state: State, request: Request, *, person: Person, now: datetime) -> SystemUser:
    """New -> Accepted, with a system user of the same id.

    Raises Reply: AUTH-00013, 00066, 00016, 00011, 00017, 00068, 00053, 00001, 00004. The request then stays New.
    """
    _check_new(request.status, "AUTH-00013")
    check_manager(person)
    _check_system(state, request.system_id)
    if request.kind == "standard":
        check_powers(state, person, request.rights, request.packages)
    if lookup.live_user(state, (request.system_id, request.orgnr, request.external_ref)):
        raise refuse("AUTH-00004")
    user = SystemUser(
        id=request.id, seq=state.sequence(), kind=request.kind, system_id=request.system_id, orgnr=request.orgnr,
        external_ref=request.external_ref, title=request.title, rights=parsing.resource_ids(request.rights),
        packages=list(request.packages), created=now,
    )  # fmt: skip
    lookup.add_user(state, user)
    request.status = "Accepted"
    return user


def _check_system(state: State, system_id: str) -> None:
    system = state.systems.get(system_id)
    if system is None or system.is_deleted:
        raise refuse("AUTH-00011")
    if not system.name.get("nb"):
        raise refuse("AUTH-00017")


def reject(request: Request, *, person: Person) -> None:
    _check_new(request.status, "AUTH-00013")
    check_manager(person)
    request.status = "Rejected"


def escalate(request: Request, *, person: Person) -> None:
    """Forward to the access managers; any person with a relation may. The status stays New."""
    _check_new(request.status, "AUTH-00013")
    if not person.roles:
        raise refuse("AUTH-00066")
    request.escalated = True


def approve_change(state: State, change: ChangeRequest, *, person: Person, now: datetime) -> None:
    """Apply the change. Adding what exists and removing what does not are no errors."""
    _check_new(change.status, "AUTH-00061")
    check_manager(person)
    user = state.system_users.get(change.system_user_id)
    if user is None or user.deleted:
        raise refuse("AUTH-00015")
    check_powers(state, person, change.required_rights, change.required_packages)
    user.changed, user.earlier_rights, user.earlier_packages = now, user.rights, user.packages
    unwanted = set(parsing.resource_ids(change.unwanted_rights))
    wanted = [*user.rights, *parsing.resource_ids(change.required_rights)]
    user.rights = [r for r in dict.fromkeys(wanted) if r not in unwanted]
    packages = dict.fromkeys([*user.packages, *change.required_packages])
    user.packages = [urn for urn in packages if urn not in change.unwanted_packages]
    change.status = "Accepted"


def reject_change(change: ChangeRequest, *, person: Person) -> None:
    _check_new(change.status, "AUTH-00061")
    check_manager(person)
    change.status = "Rejected"


def remove(state: State, user: SystemUser) -> None:
    """The customer removes the access. The request is deleted with it, and no event is published."""
    user.deleted = True
    state.requests.pop(user.id, None)


def _check_new(status: str, code: str) -> None:
    if status != "New":
        raise refuse(code)
