"""What can be done with access: keys, tokens, the system register, accesses. Keyword-only, `by` and `at` given."""
