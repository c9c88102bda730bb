"""What the submissions app does: sending (catalogue, drafts, queue, send, reconcile) and reading (inbox, feedback)."""
