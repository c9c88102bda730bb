"""Heaps that no page was used for: of a folder that is sent once, or of one that is watched.

`places` moves files and writes results, `taking` makes heaps of files, `driving` orders what a person orders on the page of a heap,
`results` says what became of it, and `watching` does all of it for a folder, again and again.
"""
