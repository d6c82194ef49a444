"""Best of n: let Solon choose among responses, and see what more votes buy. Runs on a laptop's CPU in seconds.

    python examples/best_of_n.py                                     # Solon's sandbox: its world and its tiny judge
    python examples/best_of_n.py --model http://localhost:8000/v1    # any server: edit `mine`

The sandbox knows the truth, so the share of it that the chosen response has is printed beside the best possible one.
"""

import argparse

from solon import Judge
from solon.reward import best_responses
from solon.sandbox import cases, checkpoint
from solon.stats import bootstrap


def mine(model: str) -> None:
    """Choose among your own responses."""
    prompt = "Explain entropy to a child."
    responses = [
        "It is a measure of disorder.",
        "Think of a room: there are more ways to be messy than tidy.",
    ]
    with Judge(model, k=8) as judge:
        verdict = judge(prompt, responses)
    print(f"scores {verdict.scores}, {verdict.unread or 'no'} unread")
    print(f"best: {responses[verdict.best] if verdict.best is not None else f'a tie of {verdict.tied}'}")


def sandbox(count: int) -> None:
    """Choose among four responses of the sandbox's world, by 1 and by 8 votes; a tie is shared."""
    labeled = cases("dev", count, n=4)
    for k in (1, 8):
        with Judge(str(checkpoint("rl")), form="sandbox", k=k, temperature=1.0, max_tokens=160) as judge:
            verdicts = judge.batch([one.case for one in labeled])
        right = [
            len(set(verdict.tied) & set(best_responses(one.label))) / len(verdict.tied)
            for verdict, one in zip(verdicts, labeled, strict=True)
            if verdict.scores is not None
        ]
        share = bootstrap([100 * each for each in right])
        told = f"{share.mean:.0f} % [{share.low:.0f}, {share.high:.0f}] of {len(right)} cases; chance is 25 %"
        print(f"{k} votes choose the best of four in {told}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Best of n by Solon")
    parser.add_argument("--model", help="a server or a checkpoint; without it, the sandbox")
    parser.add_argument("--cases", type=int, default=100)
    given = parser.parse_args()
    mine(given.model) if given.model else sandbox(given.cases)
