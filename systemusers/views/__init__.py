"""Pages of access: customers, requests, systems, settings for staff, and the customer's own link."""
