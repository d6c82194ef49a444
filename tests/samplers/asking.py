"""Requests for sampler tests, in few words."""

from typing import Any

from solon.samplers.seam import Answer, Request, Sampled
from solon.types import Message, content


def ask(text: str, **options: Any) -> Request:
    """Return a request with one user message."""
    return Request((Message("user", content(text)),), **options)


def texts(answer: Answer) -> list[str]:
    """Return the texts of an answer without failures."""
    assert all(isinstance(sample, Sampled) for sample in answer.samples), answer.samples
    return [sample.text for sample in answer.samples if isinstance(sample, Sampled)]
