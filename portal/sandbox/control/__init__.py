"""The control API `/control` and its page: a tester sets time and faults, and acts as the other organisations."""
