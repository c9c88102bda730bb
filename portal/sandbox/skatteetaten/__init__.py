"""Skatteetaten's reporting services as a vendor's system meets them: receipt at once, feedback later in Dialogporten.

Nothing is imported here, so that the records can be part of the sandbox's memory; `services.py` imports the rooms.
"""
