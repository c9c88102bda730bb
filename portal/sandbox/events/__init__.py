"""Altinn Events: subscriptions, their validation, delivery with the real retry schedule, and polling.

Known to differ: of app resources only the generic rules are imitated; `includeSubunits` is stored and looked up in the
sandbox's own register. The switches of `settings` scale time, duplicate and shuffle deliveries, and shorten caches.
"""
