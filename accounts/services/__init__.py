"""Services for customers and the vendor: keyword-only; `by` is the actor, `at` the time."""
