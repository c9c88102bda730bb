"""The page *Integrasjoner*: which of the vendor's own systems use the API, and what each may do and see."""
