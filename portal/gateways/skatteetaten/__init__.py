"""Skatteetaten's services for systems: one module for each way of working, and the documents that all of them give."""
