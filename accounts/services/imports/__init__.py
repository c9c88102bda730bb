"""Import of customers from a file: read, judged row by row, confirmed by a person, stored by a worker, and undone.

A person brings the file and decides (`ordering`); a worker does the rest (`work`): `judging` gives each row its verdict, `look_ups`
asks the business register, `storing` makes the customers and `undoing` takes them back. `rest` is what was not taken in.
"""
