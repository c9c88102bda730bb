"""Altinn Events: subscriptions, their validation, delivery with the real retry schedule, and polling.

Known to differ: of app resources only the generic rules are imitated; `includeSubunits` uses the sandbox's own
organisations. Settings scale time, duplicate and shuffle deliveries, and shorten caches.
"""
