"""How a training tells its progress to whoever started it."""

from collections.abc import Callable
from typing import TypeAlias

Steps: TypeAlias = Callable[[int, int], None]
"""Called after every optimizer step with its number and the number of all."""
