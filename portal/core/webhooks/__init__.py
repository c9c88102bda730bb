"""What happened, sent to the vendor's own systems: CloudEvents, signed as Standard Webhooks, through the outbox.

`row` is an address that wants them, `filling` puts its events into the outbox in the order of the feed, `sending` is the sender,
`addresses` decides where we may call, `keeping` is what administrators do. https://www.standardwebhooks.com/
"""
