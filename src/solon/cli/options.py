"""Kinds of options that several verbs have."""

from typing import Annotated, TypeAlias

from cyclopts import Parameter
from cyclopts.validators import Number

Count: TypeAlias = Annotated[int, Parameter(validator=Number(gte=1))]
"""How many there are to be of something: at least one."""
Folds: TypeAlias = Annotated[int, Parameter(validator=Number(gte=2))]
"""Parts of the cases, each measured by what is chosen on the others."""
Share: TypeAlias = Annotated[float, Parameter(validator=Number(gt=0, lt=1))]
"""A part of a whole, or a chance: neither none nor all."""
