"""Solon as the reward inside other people's trainers: one file per trainer, on the standard library alone.

A trainer's own package is imported inside the class or function that needs it, so a worker that judges over HTTP loads
neither torch nor pydantic for it. `docs/trainers.md` holds the lines to paste.
"""
