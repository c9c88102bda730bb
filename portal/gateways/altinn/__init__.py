"""Altinn's authentication API for vendors: the system register, system user requests, system users, and the token exchange.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/
"""

from portal.gateways.altinn.access import AuthorizedParty, Exchange, Metadata, Package, Resource
from portal.gateways.altinn.register import RegisteredSystem, SystemChange, SystemRegister, in_order, system_of
from portal.gateways.altinn.requests import RemoteChangeRequest, RemoteRequest, RemoteSystemUser, SystemUserRequests

__all__ = [
    "AuthorizedParty",
    "Exchange",
    "Metadata",
    "Package",
    "RegisteredSystem",
    "RemoteChangeRequest",
    "RemoteRequest",
    "RemoteSystemUser",
    "Resource",
    "SystemChange",
    "SystemRegister",
    "SystemUserRequests",
    "in_order",
    "system_of",
]
