"""`PrometheusEval.relative_grade` over `AsyncLiteLLM`, without its rate limit: every pair k times in one batch."""

from collections.abc import Sequence

from driving import Job, Scores, report
from prometheus_eval import PrometheusEval
from prometheus_eval.litellm import AsyncLiteLLM

PACKAGES = ("prometheus-eval==0.1.20",)
STYLE = "letter"

RUBRIC = "Is the response accurate and easy to follow?"


def judged(job: Job) -> Sequence[Scores]:
    """Grade every pair k times; a response scores the share of votes for it."""
    model = AsyncLiteLLM("openai/mock", batch_size=job.concurrency, requests_per_minute=10**9, api_base=job.url)
    cases = [case for case in job.cases for _ in range(job.k)]
    _, letters = PrometheusEval(model=model).relative_grade(
        instructions=[prompt for prompt, _ in cases],
        responses_A=[responses[0] for _, responses in cases],
        responses_B=[responses[1] for _, responses in cases],
        rubric=RUBRIC,
    )
    votes = [letters[i : i + job.k] for i in range(0, len(letters), job.k)]
    return [[case.count(letter) / job.k for letter in "AB"] for case in votes]


if __name__ == "__main__":
    report(Job.read(), judged)
