"""The WSGI application that web servers load."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from portal.core import database_roles, demonstration, tracing
from portal.core.database import WEB, limit_statements
from portal.core.env import BadSetting
from portal.core.storage import trying

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

try:
    application = get_wsgi_application()
    database_roles.refuse_powerful()
    demonstration.refuse()
    limit_statements(WEB)
    tracing.set_up(service="portal-web")
    trying.tell_at_start()
except (BadSetting, database_roles.TooPowerful, demonstration.HoldsDemonstration) as error:
    sys.exit(f"The portal cannot start: {error}")
