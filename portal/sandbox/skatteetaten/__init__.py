"""Skatteetaten's reporting services for a vendor's system: receipt at once, feedback later in Dialogporten.

This file imports nothing, so that `state` can import the records. `services.py` imports the modules.
"""
