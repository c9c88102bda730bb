"""Pulls from Dialogporten: due cursors, their dialogs, transmissions and documents.

Never GETs a dialog: that marks it as seen for the customer's own staff. The list and /transmissions do not.
"""
