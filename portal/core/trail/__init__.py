"""What guards the audit trail from outside the database: the keys of its seals, the anchors, and the check of each night."""
