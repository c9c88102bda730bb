"""All stored data of the sandbox, as plain structs in memory. A snapshot of it is one JSON document.

Modules read and change it under the application's one lock. Ids come from a seeded generator: the same seed and
clock give the same ids.
"""

from __future__ import annotations

import heapq
import random
import uuid
from datetime import datetime
from typing import Any

import msgspec

from .altinn.records import Package, Resource
from .apps.records import Apps
from .clock import Zoned
from .dialogporten.records import Dialog
from .skatteetaten.records import Skatteetaten


class Client(msgspec.Struct, kw_only=True):
    """A Maskinporten client. `key_expires` maps kid to the moment the key stops working (a year after posting)."""

    client_id: str
    orgnr: str
    name: str = ""
    description: str = ""
    scopes: list[str] = []
    granted_scopes: list[str] | None = None  # None: every scope on the client is granted by its owner
    keys: list[dict[str, Any]] = []
    key_expires: dict[str, datetime] = {}
    key_works_at: dict[str, datetime] = {}  # kid to when the token endpoint begins to know it
    token_lifetime: int = 120
    active: bool = True


class Person(msgspec.Struct, kw_only=True):
    """A person who can act for an organisation. Roles: DAGL, LEDE, tilgangsstyrer, hovedadministrator, ansatt and others."""

    name: str
    roles: list[str] = []
    packages: list[str] | None = None  # None: may delegate every package


class Organisation(msgspec.Struct, kw_only=True):
    orgnr: str
    name: str
    party_id: int
    party_uuid: str
    known: bool = True
    form: str = "AS"
    persons: list[Person] = []
    accountant: str = ""  # orgnr of the registered accountant (REGN)
    auditor: str = ""
    business_manager: str = ""  # FFØR, of housing companies
    delegations: dict[str, list[str]] = {}  # package codes delegated to others, by their orgnr
    registry: dict[str, Any] = {}  # extra or overriding fields in Enhetsregisteret
    main_unit: str = ""  # set on a sub-unit


class System(msgspec.Struct, kw_only=True):
    id: str
    internal_id: str
    orgnr: str
    name: dict[str, str]
    description: dict[str, str]
    rights: list[dict[str, Any]] = []
    packages: list[str] = []
    client_ids: list[str] = []
    redirect_urls: list[str] = []
    is_visible: bool = True
    is_deleted: bool = False
    changes: list[dict[str, Any]] = []


class Request(msgspec.Struct, kw_only=True):
    """A system user request; `kind` is standard or agent, `status` New, Accepted, Rejected (Denied, Timedout)."""

    id: str
    kind: str
    system_id: str
    orgnr: str
    external_ref: str
    title: str
    rights: list[dict[str, Any]]
    packages: list[str]
    redirect_url: str
    status: str
    escalated: bool
    created: datetime


class ChangeRequest(msgspec.Struct, kw_only=True):
    id: str
    system_user_id: str
    system_id: str
    orgnr: str
    external_ref: str
    required_rights: list[dict[str, Any]]
    unwanted_rights: list[dict[str, Any]]
    required_packages: list[str]
    unwanted_packages: list[str]
    redirect_url: str
    status: str
    created: datetime


class SystemUser(msgspec.Struct, kw_only=True):
    id: str
    seq: int
    kind: str
    system_id: str
    orgnr: str
    external_ref: str
    title: str
    rights: list[str]  # resource ids
    packages: list[str]  # full urns
    created: datetime
    changed: datetime | None = None  # when a change request was approved
    earlier_rights: list[str] = []  # what it had before that
    earlier_packages: list[str] = []
    deleted: bool = False
    clients: list[str] = []  # orgnr of the clients delegated to an agent system user
    client_packages: dict[str, list[str]] = {}  # of clients that took some of the packages back: what is left, as urns


class RegisterUpdate(msgspec.Struct, kw_only=True):
    """An entry of the business register's update feed. `kind`: Ny, Endring, Sletting or Fjernet."""

    id: int
    at: datetime
    orgnr: str
    is_sub: bool
    kind: str


class Subscription(msgspec.Struct, kw_only=True):
    """A subscription at Altinn Events. `consumer` is the party that created it."""

    id: int
    endpoint: str
    resource: str
    subject: str
    type: str
    consumer: str
    created: datetime
    include_subunits: bool = False
    validated: bool = False


class Job(msgspec.Struct, kw_only=True, order=True):
    """Work that is due later. `kind` names the function that executes it (see `kernel.job`); `data` is JSON."""

    due: datetime
    seq: int
    kind: str
    data: dict[str, Any]


class Settings(msgspec.Struct, kw_only=True):
    """What a tester may change while the sandbox runs (`PATCH /control/settings`). Defaults match the real services."""

    feedback_delay_seconds: float = 150.0
    rights_cache_seconds: float = 900.0
    token_delay_seconds: float = 0.0  # after an approval, until Maskinporten finds the system user
    key_delay_seconds: float = 0.0  # after keys are posted, until the token endpoint knows them; really up to 120
    terms_unsigned: bool = False  # the self-service makes no client, as for an organisation that has signed no terms
    vendor_unknown: bool = False  # Altinn has not been given the vendor's number: every call of a vendor is refused
    rights_delay_seconds: float = 0.0  # after an approval or a change, until services honour the rights
    events_time_scale: float = 1.0
    events_cache_seconds: float = 3600.0
    duplicate_events: bool = False
    shuffle_events: bool = False
    slow_search: bool = False
    search_delay_seconds: float = 0.0  # from when a dialog is created until a search shows it, as caches may hide it
    slow_search_over_days: float | None = None  # a search over a longer time takes too long
    maintenance_until: Zoned | None = None
    throttle_seconds: float | None = None
    unauthorized_attachments: bool = False  # feedback documents that no caller may fetch
    unchecked_delete: bool = True  # any vendor may delete a request by id, as in the real service
    list_page_boundary_bug: bool = True
    null_rights_crash: bool = True
    knows_every_resource: bool = False  # every well-formed resource and package that a request names is known
    knows_everybody: bool = False  # every valid synthetic number is a known organisation, registered or not
    allow_loopback_http: bool = (
        False  # accept http://127.0.0.1 redirect and webhook addresses, unlike the real services
    )
    max_party_filter_values: int = 100
    max_service_resource_filter_values: int = 20
    page_size: int = 50
    second_dialog: bool = False
    upload_control_seconds: float = 2.0  # from the upload of a file until its control ends; really unknown
    upload_control_failures: int = 0  # so many controls fail at Skatteetaten, not because of the file
    virus_scan_seconds: float = 2.0  # from an upload to an app until its scan ends; really unknown
    system_users_delete_instances: bool = True  # whether an app lets them; really unknown
    case_control_seconds: float = (
        2.0  # from the upload of a file to a control case until it is validated; really unknown
    )
    concurrent_calls: int = 5
    first_year: int = 2015
    last_year: int = 2030


class State(msgspec.Struct, kw_only=True):
    """All stored data. A service that needs a new collection adds it here, with an empty default."""

    seed: int = 0
    counter: int = 0
    settings: Settings = msgspec.field(default_factory=Settings)
    clients: dict[str, Client] = {}
    used_jtis: dict[str, float] = {}
    organisations: dict[str, Organisation] = {}
    register_updates: list[RegisterUpdate] = []
    resources: dict[str, Resource] = {}  # added by a tester, beside the stored list
    packages: dict[str, Package] = {}
    systems: dict[str, System] = {}
    requests: dict[str, Request] = {}
    request_index: dict[str, str] = {}  # "kind|system|customer|external reference" to the id of the latest
    change_requests: dict[str, ChangeRequest] = {}
    system_users: dict[str, SystemUser] = {}
    system_user_index: dict[str, str] = {}  # "system|owner|external reference" to the id of the latest
    dialogs: dict[str, Dialog] = {}
    dialog_keys: dict[str, str] = {}  # from the service owner's own key to the dialog's id
    subscriptions: dict[int, Subscription] = {}
    removed_subscriptions: dict[
        int, Subscription
    ] = {}  # still delivered to until the cached list of subscribers expires
    events: list[dict[str, Any]] = []
    jobs: list[Job] = []
    skatteetaten: Skatteetaten = msgspec.field(default_factory=Skatteetaten)
    apps: Apps = msgspec.field(default_factory=Apps)
    extra: dict[str, Any] = {}

    def sequence(self) -> int:
        """The next number of the sequence from which all ids and orders are made."""
        self.counter += 1
        return self.counter

    def uuid4(self) -> str:
        bits = random.Random(f"{self.seed}:{self.sequence()}").getrandbits(128)  # noqa: S311 - ids of test data, no secrets
        return str(uuid.UUID(int=bits, version=4))

    def uuid7(self, now: datetime) -> str:
        """A time-ordered UUID, as Dialogporten and Skatteetaten use."""
        millis = int(now.timestamp() * 1000) & (2**48 - 1)
        tail = random.Random(f"{self.seed}:{self.sequence()}").getrandbits(74)  # noqa: S311 - ids of test data, no secrets
        value = (millis << 80) | (7 << 76) | ((tail >> 62) << 64) | (2 << 62) | (tail & (2**62 - 1))
        return str(uuid.UUID(int=value))

    def schedule(self, *, due: datetime, kind: str, data: dict[str, Any]) -> None:
        heapq.heappush(self.jobs, Job(due=due, seq=self.sequence(), kind=kind, data=data))
