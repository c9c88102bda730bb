"""Backups: the database and the documents as one encrypted folder, made here and put back into an empty place.

`making` writes one, `manifest` says what it is and proves it, `putting_back` restores it. They know nothing of what the rows mean.
"""
