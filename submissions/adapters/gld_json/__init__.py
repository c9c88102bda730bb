"""Skatteetaten's services with one JSON post: one class, and data for each service."""
