"""Dialogporten's end-user API: search by cursor, details that mark as seen, sub-resources that do not, labels, tokens.

Known to differ: no GraphQL, no full-text ranking (words are compared as they are), message texts are the sandbox's.
Unverified: keys of count rules (`party.Count`), the direction of the appended `id`, the 429 of the throttle setting.
"""
