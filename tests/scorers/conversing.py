"""Conversations for scorer tests, in few words."""

from solon.scorers.seam import Conversation
from solon.types import Message, content


def talk(answer: str, asked: str = "judge the responses") -> Conversation:
    """Return a user's turn and the assistant's that is to be scored."""
    return (Message("user", content(asked)), Message("assistant", content(answer)))
