"""The page *Når noe har skjedd*: end what is open, and see what an account or a key was used for."""
