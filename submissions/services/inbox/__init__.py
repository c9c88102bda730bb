"""Reading Dialogporten: cursors that are due, their dialogs, the transmissions in them and the documents behind those.

Never GETs a dialog: that would mark it as seen for the customer's own staff. The list and /transmissions do not.
"""
