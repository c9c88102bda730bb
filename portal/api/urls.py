"""Everything under /api/v1/: the calls, their description, and the page that shows it."""

from django.urls import path

from portal.api import docs
from portal.api.api import addresses

urlpatterns = [
    path("openapi.json", docs.openapi, name="api-openapi"),
    path("docs/", docs.page, name="api-docs"),
    *addresses(),
]
