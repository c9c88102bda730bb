"""Builds this app's gateways for an environment. Tests replace the HTTP transport."""

from __future__ import annotations

from portal.core.environments import addresses
from portal.gateways.altinn import Exchange, Metadata, SystemRegister, SystemUserRequests
from portal.gateways.digdir import SelfService
from portal.gateways.maskinporten import Maskinporten


def maskinporten(environment: str) -> Maskinporten:
    where = addresses(environment)
    return Maskinporten(base_url=where.maskinporten, issuer=where.issuer)


def self_service(environment: str) -> SelfService:
    return SelfService(base_url=addresses(environment).self_service)


def system_register(environment: str) -> SystemRegister:
    return SystemRegister(platform=addresses(environment).platform)


def system_user_requests(environment: str) -> SystemUserRequests:
    return SystemUserRequests(platform=addresses(environment).platform)


def exchange(environment: str) -> Exchange:
    return Exchange(platform=addresses(environment).platform)


def metadata(environment: str) -> Metadata:
    return Metadata(platform=addresses(environment).platform)
