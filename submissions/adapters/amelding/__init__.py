"""Skatteetaten's a-melding: one JSON message for one month and one opplysningspliktig."""
