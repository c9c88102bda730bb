"""The ASGI application that the web server loads: Django behind `portal.core.receiving`."""

from django.conf import settings

from portal.wsgi import application as django_application  # first: it sets Django up

from portal.core.receiving import Portal  # isort: skip

application = Portal(django_application, threads=settings.WEB_THREADS)
