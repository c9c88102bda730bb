"""The vendor's own systems: what each may do, its secrets and keys, the tokens it gets, and who is behind a call.

`keeping` and `proofs` are used by the page, `granting` by the token endpoint, `calling` by every call.
"""
