"""What happened, for the vendor's own systems: one row for each event, with ids and states and nothing personal.

A row is written in the transaction of what it tells. A worker then gives it its position, so that whoever has read up to a
position has read everything before it. The API gives the rows by position; `portal.core.webhooks` sends them.
"""
