"""Staff pages of this app, all under `/<environment>/`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
