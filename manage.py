#!/usr/bin/env python
"""Django's command line. On a laptop it also finds or starts the servers that a command needs."""

import os
import sys

from portal.core.env import BadSetting

#: Commands that ask no server anything, or start the servers themselves.
NEED_NO_SERVERS = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "help",
    "makemessages",
    "run",
    "version",
}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.conf import settings

    try:
        embedded_needed = settings.EMBEDDED and not NEED_NO_SERVERS.intersection(sys.argv[1:2])
    except BadSetting as error:
        print(f"The portal cannot start: {error}", file=sys.stderr)  # noqa: T201
        return 2
    if not embedded_needed:
        execute()
        return 0
    from portal.local import embedded

    with embedded.servers(settings.DATA_DIR, needed=settings.EMBEDDED):
        execute()
    return 0


def execute() -> None:
    """The command, and then an end of the connection pools, whose threads Python else waits for by the five seconds."""
    from django.core.management import execute_from_command_line
    from django.db import connections

    try:
        execute_from_command_line(sys.argv)
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close_pool()  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
