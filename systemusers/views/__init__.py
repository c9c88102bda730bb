"""Pages of access: customers, accesses, systems, settings for staff, and the customer's own link."""
