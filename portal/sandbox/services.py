"""Imports every service module, so that its routes and jobs are registered. Add a new service here."""

from . import (  # noqa: F401
    approval,
    bulk,
    control,
    control_altinn,
    control_clients,
    control_dialogs,
    control_page,
    enhetsregisteret,
    front,
    maskinporten,
    maskinporten_admin,
    render,
)
from .altinn import changes, clients, metadata, register, registry, requests, users  # noqa: F401
from .dialogporten import dialogs as dialog_details  # noqa: F401
from .dialogporten import labels, search  # noqa: F401
from .dialogporten import metadata as dialog_metadata  # noqa: F401
from .events import delivery, subscriptions  # noqa: F401
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
