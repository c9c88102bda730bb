"""The gateways as a vendor has them, with the sandbox behind: one vendor, one customer, one accountant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from portal.gateways.altinn import (
    Exchange,
    Metadata,
    RegisteredSystem,
    RemoteRequest,
    SystemRegister,
    SystemUserRequests,
)
from portal.gateways.dialogporten import Dialogporten
from portal.gateways.enhetsregisteret import Enhetsregisteret
from portal.gateways.events import Events
from portal.gateways.maskinporten import Grant, Maskinporten, Token
from portal.gateways.skatteetaten.documents import Documents
from portal.gateways.skatteetaten.rf1086 import Rf1086
from portal.sandbox.testing import private_pem
from tests.sandbox import altinn_rig
from tests.sandbox.altinn_rig import ORIGIN, RETURN, SCOPES, SHARES, TAX, K, Rig, S, V

PLATFORM = f"{ORIGIN}/platform"
READING, FOLLOWING = "digdir:dialogporten", "altinn:events.subscribe"
REPORTING = "skatteetaten:innrapporteringaksjonaerregisteroppgave"
PARTY = f"urn:altinn:organization:identifier-no:{K}"
RESOURCE = f"urn:altinn:resource:{SHARES}"
NAMES = {"nb": "Testsystem", "nn": "Testsystem", "en": "Test system"}
SYSTEM = RegisteredSystem(
    S, V, NAMES, NAMES, rights=(SHARES, altinn_rig.FEES), packages=(TAX, altinn_rig.AGENT), client_ids=("client-v",),
    redirect_urls=(RETURN,),
)  # fmt: skip


class World:
    """`rig` plays everybody else: the customer, the service owners, time."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.rig.add_client("V", scopes=[*SCOPES, READING, FOLLOWING, REPORTING])
        self.maskinporten = Maskinporten(base_url=f"{ORIGIN}/maskinporten", issuer=f"{ORIGIN}/maskinporten/")
        self.register = SystemRegister(platform=PLATFORM)
        self.requests = SystemUserRequests(platform=PLATFORM)
        self.exchange = Exchange(platform=PLATFORM)
        self.metadata = Metadata(platform=PLATFORM)
        self.dialogporten = Dialogporten(platform=PLATFORM)
        self.events = Events(platform=PLATFORM)
        shares = f"{ORIGIN}/skatteetaten/api/aksjonaerregister/v1"
        self.rf1086, self.documents = Rf1086(base_url=shares), Documents(base_url=shares)
        self.registry = Enhetsregisteret(base_url=f"{ORIGIN}/brreg/enhetsregisteret/api")
        self.grant = Grant(client_id="client-v", kid="key-v", private_pem=private_pem("key-v"))

    @property
    def at(self) -> datetime:
        return self.rig.app.clock.now()

    def let_pass(self, seconds: float) -> None:
        self.rig.control("clock/advance", {"seconds": seconds})

    def token(self, *scopes: str, **changes: Any) -> str:
        """The vendor's own."""
        return self.ask(*scopes, **changes).value

    def ask(self, *scopes: str, **changes: Any) -> Token:
        return self.maskinporten.token(replace(self.grant, scopes=scopes, **changes), at=self.at)

    def customer_token(self, *scopes: str) -> str:
        return self.token(*scopes, owner_orgnr=K)

    def exchanged(self, *scopes: str) -> str:
        return self.exchange.exchange(self.ask(*scopes, owner_orgnr=K), at=self.at).value

    def write(self) -> str:
        """A token that may write requests."""
        return self.token(altinn_rig.WRITE)

    def wanted(self, **changes: Any) -> RemoteRequest:
        """A request for K's consent to one service."""
        asked = {"system_id": S, "orgnr": K, "external_ref": K, "rights": (SHARES,), "redirect_url": RETURN, **changes}
        return self.requests.create(token=self.write(), **asked)

    def approved(self, **changes: Any) -> str:
        """The id of a system user of K's."""
        request = self.wanted(**changes)
        self.rig.control(f"requests/{request.id}/approve")
        return request.id

    def dialog(self, title: str = "Brev", **fields: Any) -> str:
        body = {"orgnr": K, "service_resource": RESOURCE, "title": title, **fields}
        return str(self.rig.control("dialogs", body)["id"])
