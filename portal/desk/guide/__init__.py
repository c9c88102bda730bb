"""The guide of an environment: from nothing to the first approved access, step by step, as the database tells."""
