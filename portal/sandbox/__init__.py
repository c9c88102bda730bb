"""A local stand-in for Maskinporten, Altinn, Dialogporten, Skatteetaten and Enhetsregisteret. It shares no code with the
portal: it is written from the services' public behaviour alone, refuses what they refuse, and has their quirks.
"""

from .app import BUG_MARKER, Sandbox, create_app

__all__ = ["BUG_MARKER", "Sandbox", "create_app"]
