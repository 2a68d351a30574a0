"""Identifiers of people and places: checked, masked, encrypted, indexed. Sources: GB 11643, DOMAIN.md 14.3."""
