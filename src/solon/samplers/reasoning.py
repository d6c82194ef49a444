"""Where a model's thinking ends and its answer begins.

A server with a reasoning parser hands the two over apart. Without one the thinking stands in the text as a leading
`<think>...</think>` block, or as everything before a lone `</think>` where the chat template opened the block itself.
"""

OPEN, CLOSE = "<think>", "</think>"


def with_reasoning(reasoning: str, answer: str) -> str:
    """Write a completion that `split_reasoning` splits into these two; without reasoning it is the answer alone."""
    return f"{OPEN}\n{reasoning}\n{CLOSE}\n\n{answer}" if reasoning else answer


def split_reasoning(text: str) -> tuple[str, str]:
    """Split a completion into its reasoning and its answer, in linear time.

    A leading `<think>` opens a block that ends at the first `</think>`; a block that is never closed was cut short, so
    all of it is reasoning. A `</think>` that nothing opened closes a block that the prompt opened. Tags further on are
    part of the answer.
    """
    body = text.lstrip()
    opened = body.startswith(OPEN)
    thinking, closed, answer = body.removeprefix(OPEN).partition(CLOSE)
    if closed:
        if not opened and OPEN in thinking:
            return "", text
        return thinking.strip(), answer.lstrip()
    return (thinking.strip(), "") if opened else ("", text)
