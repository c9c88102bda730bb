"""Sorting a heap: many files at once become packages (customer, service, period), the packages drafts, and the drafts are sent.

A person brings files (`intake`), makes choices (`choosing`) and orders drafts and sending (`ordering`). A worker does the rest
(`work`): `sorting` reads each file once, `settling` judges the packages, `making` and `sending` call the services of drafts and of
sending, one package at a time.
"""
