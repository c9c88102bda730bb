"""Maskinporten: the token endpoint, and the self-service API for clients and keys."""
