"""Imports every service module, so that its routes and jobs are registered. Add a new service here."""

from . import bulk, control, control_page, enhetsregisteret, front, render  # noqa: F401
