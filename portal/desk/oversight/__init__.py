"""What administrators and auditors ask the audit trail: who acted for which customer."""
