"""Tiny models gain nothing from threads, and lose much when the machine is busy."""

from tests.samplers.conftest import one_thread

__all__ = ["one_thread"]
