"""URLs that need no log-in: each view checks an unguessable token."""

from django.urls import path

from submissions.views import hooks

urlpatterns = [path("hooks/events/<str:secret>", hooks.event_webhook, name="event-webhook")]
