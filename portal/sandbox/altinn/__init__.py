"""Altinn's authentication and access management as vendors and customers meet them: register, requests, system users,
exchange, packages, client delegation. Bodies, codes, order of checks and quirks are those of the real services.

Known to differ: approving needs no log-in (a person is picked from a list); a person's rights are the roles and
packages that a tester gave; the exchanged token is signed with RS256 by a key of the sandbox's own.
"""
