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
from .skatteetaten import (  # noqa: F401
    amelding,
    documents,
    gld,
    inbox,
    letters,
    limits,
    opened,
    rf1086,
    skattekort,
    strangers,
    uploads,
)
from .skatteetaten import control as skatteetaten_control  # noqa: F401
