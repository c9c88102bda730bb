"""Imports every module with routes or jobs, which registers them. Add a new module here."""

from .altinn import (  # noqa: F401
    change_requests,
    client_delegation,
    metadata,
    requests,
    resource_registry,
    system_register,
    users,
)
from .approval import pages  # noqa: F401
from .apps import tax_return  # noqa: F401
from .control import (  # noqa: F401
    altinn,
    apps,
    bulk,
    bulk_changes,
    catalogue,
    contents,
    dialogs,
    general,
    maskinporten,
    origin,
    page,
    skatteetaten,
)
from .dialogporten import dialogs as dialog_details  # noqa: F401
from .dialogporten import labels, search  # noqa: F401
from .dialogporten import metadata as dialog_metadata  # noqa: F401
from .events import delivery, subscriptions  # noqa: F401
from .maskinporten import self_service, token_endpoint  # noqa: F401
from .skatteetaten import (  # noqa: F401
    amelding,
    cases,
    documents,
    gld,
    inbox,
    letters,
    limits,
    opened,
    prefill1086,
    reading,
    rf1086,
    skattekort,
    tax_returns,
    unknown_paths,
    uploads,
)

from . import enhetsregisteret, front, render, unit_feed  # noqa: F401  # isort: skip
