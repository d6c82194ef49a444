"""The training of `trl_grpo.py`, rewarded as OpenRLHF asks for it: by `POST /get_reward`, one response a request.

    solon serve --model sandbox --port 8100 --group-size 4          # the server gathers each prompt's four responses
    python examples/openrlhf_reward.py --url http://localhost:8100/get_reward

In OpenRLHF itself none of this is needed, only the address, or the path of our file:

    --reward.remote_url http://localhost:8100/get_reward
    --reward.remote_url "$(python -c 'import solon.integrations.openrlhf as m; print(m.__file__)')"
"""

import json
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import trl_grpo


class GetReward:
    """Posts what OpenRLHF's client posts: the query with its special tokens, the prompt before it, and a label."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, prompts: Sequence, completions: Sequence, **columns) -> list[float | None]:
        """Return the rewards; where the server says that one stands in for none, there is none."""
        pairs = [(prompt[0]["content"], said[0]["content"]) for prompt, said in zip(prompts, completions, strict=True)]
        with ThreadPoolExecutor(len(pairs)) as pool:
            return list(pool.map(self._one, pairs))

    def _one(self, pair: tuple[str, str]) -> float | None:
        prompt = f"<|im_start|>user\n{pair[0]}<|im_end|>\n<|im_start|>assistant\n"
        body = {"query": [f"{prompt}{pair[1]}<|im_end|>"], "prompts": [prompt], "labels": [""]}
        asked = urllib.request.Request(self._url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=180) as answer:
            told = json.load(answer)
        return told["rewards"][0] if told["extra_logs"]["solon_valid"][0] else None


def main() -> None:
    """Run the other example with this reward."""
    given = trl_grpo.options()
    trl_grpo.run(given, GetReward(given.url or "http://localhost:8100/get_reward"), lambda: None)


if __name__ == "__main__":
    main()
