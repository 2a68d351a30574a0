"""Roster import: stage → check → plan → apply → undo, all set-based (KERNEL.md "Import, inside")."""
