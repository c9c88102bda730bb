"""Skattekort til arbeidsgiver: order the tax cards of employees, fetch, show and export them."""
