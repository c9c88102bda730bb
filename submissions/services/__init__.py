"""Services of the submissions app: sending (catalogue, drafts, queue, send, reconcile) and reading (inbox, feedback)."""
