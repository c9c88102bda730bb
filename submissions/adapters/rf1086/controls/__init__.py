"""Skatteetaten's published controls of RF-1086, beyond what the schema says: code lists, one form, and between the forms."""
