"""Pointwise: all n responses in one prompt, one score from 1 to 10 for each (arXiv 2504.02495, equations 7 to 9)."""

from functools import partial
from importlib.resources import files

from solon.forms.form import Form
from solon.forms.reading import read_boxed

POINTWISE = Form(
    name="pointwise",
    template=(files("solon.forms") / "pointwise.txt").read_text("utf-8"),
    scale=(1, 10),
    read=partial(read_boxed, low=1, high=10),
)
