"""Mails to members of staff about what happened: what each has chosen, what is new to them, and the worker's rounds.

`choosing` stores what a person chose; `news` finds what they have not been told; `work` decides when a mail is due and writes the
mail and what it tells in one transaction; `results` takes over what became of it.
"""
