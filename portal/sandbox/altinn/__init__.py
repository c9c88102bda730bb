"""Altinn's authentication and access management: system register, requests, system users, token exchange, access
packages, client delegation. Bodies, codes, the order of checks and known flaws are those of the real services.

Known to differ: approving needs no log-in (a person is picked from a list); a person's rights are the roles and
packages that a tester gave; the exchanged token is signed with RS256 by a key of the sandbox; texts are the sandbox's;
the newer client delegation API, the portal's own calls and the scope systemregister.admin are left out. An agent system
user acts for its clients and not for its owner. Unverified: AUTH-00016 for an employee who decides, AUTH-00053 for a
package and AUTH-00068 for a right that a person lacks, and that the port of a redirect address is compared.
"""
