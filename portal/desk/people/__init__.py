"""Folk: who works here, what each was given, who is a substitute, and the way in and out. One's own account is `profile`."""
