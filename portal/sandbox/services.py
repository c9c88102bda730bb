"""Imports every service module, so that its routes and jobs are registered. Add a new service here."""

from . import (  # noqa: F401
    approval,
    bulk,
    control,
    control_altinn,
    control_page,
    enhetsregisteret,
    front,
    maskinporten,
    maskinporten_admin,
    render,
)
from .altinn import changes, clients, metadata, register, requests, users  # noqa: F401
