"""The REST API for the vendor's own systems: thin over the services that the pages use, with the same checks."""
