"""A local imitation of Maskinporten, Altinn, Dialogporten, Skatteetaten and Enhetsregisteret.

It shares no code with the portal. It is written from the public behaviour of the services alone, refuses what they
refuse, and reproduces their known flaws.
"""

from .app import BUG_MARKER, Sandbox, create_app

__all__ = ["BUG_MARKER", "Sandbox", "create_app"]
