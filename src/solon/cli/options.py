"""Kinds of options that several verbs have."""

from typing import Annotated, TypeAlias

from cyclopts import Parameter
from cyclopts.validators import Number

Count: TypeAlias = Annotated[int, Parameter(validator=Number(gte=1))]
"""How many there are to be of something: at least one."""
