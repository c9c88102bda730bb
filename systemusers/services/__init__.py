"""What can be done with access: keys, tokens, the system register, requests to customers. Keyword-only, `by` and `at` given."""
