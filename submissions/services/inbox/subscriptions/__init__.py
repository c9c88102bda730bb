"""Subscriptions at Altinn Events, an accelerator: polling does not depend on them. One for each access, customer and resource.

`wanted` says which there should be, `asking` has them made and removed, `comparing` looks each day whether Altinn still has them, and
`closed` knows the resources that nobody may subscribe to.
https://docs.altinn.studio/events/
"""
