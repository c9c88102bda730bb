"""Addresses that strangers may open: they guard themselves by an unguessable token."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
