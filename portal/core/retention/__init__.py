"""How long each kind of data is kept, and how it is deleted: one mechanism for all kinds.

`periods` has the periods, `rule` says what a rule is, `run` is the row of one deletion, `work` plans and does it. The rules are beside
the code that knows their rows, and are listed in `portal.desk.kept.rules`.
"""
