"""The ASGI application that the web server loads: Django behind `portal.core.receiving`."""

import os

from portal.wsgi import application as django_application  # first: it sets Django up

from portal.core.receiving import Portal  # isort: skip

THREADS = int(os.environ.get("WEB_THREADS", "8"))

application = Portal(django_application, threads=THREADS)
