"""Everything that leaves by itself: mails and signed webhooks. One row for each message, sent by a worker.

What is guaranteed. One row for each key: `put` with a key that exists does nothing. A mail is accepted by the mail server at
most once without a person's consent: the intent (SENDING) is committed before the server is called, and a row found in SENDING
without a running lease becomes UNCERTAIN, which the overview counts, and is never sent again by a machine. What is certain not
to have been accepted is tried again until `give_up_at`; then it is DEAD, which the overview counts too.
docs/decisions/0019-one-outbox.md has the reasons.

`message` is the table, `put` writes to it, `delivery` sends, `mail` is the sender of mails, `settle` what a person does with a
message that was not sent.
"""
