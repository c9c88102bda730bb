"""Campaigns: customers gathered, judged row by row, confirmed by a person, and asked by a worker in chunks.

A person decides (`ordering`); a worker does the rest (`work`): `judging` gives each row its verdict, `asking` makes the accesses
and orders the mails. Sending to Altinn and mailing are the work of `access` and `invitations`. `funnel` counts what became of it.
"""
