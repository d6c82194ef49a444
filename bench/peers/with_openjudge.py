"""`GradingRunner` over an `LLMGrader` with `VotingEvaluationStrategy`, whose votes are of one response each."""

import asyncio
from collections.abc import Sequence

from driving import Job, Scores, report
from loguru import logger
from openjudge.evaluation_strategy import VotingEvaluationStrategy
from openjudge.graders.base_grader import GraderMode
from openjudge.graders.llm_grader import LLMGrader
from openjudge.models.openai_chat_model import OpenAIChatModel
from openjudge.runner.grading_runner import GradingRunner

PACKAGES = ("py-openjudge==0.2.4",)
STYLE = "score"

TEMPLATE = "Question:\n{query}\n\nAnswer:\n{response}\n\nScore the answer from 1 to 5, as JSON with reason and score."


def judged(job: Job) -> Sequence[Scores]:
    """Grade every response of every case, k votes each."""
    grader = LLMGrader(
        model=OpenAIChatModel(model="mock", base_url=job.url, api_key="none"),
        name="score",
        mode=GraderMode.POINTWISE,
        template=TEMPLATE,
        strategy=VotingEvaluationStrategy(num_votes=job.k),
    )
    runner = GradingRunner({"score": grader}, max_concurrency=job.concurrency, show_progress=False)
    rows = [{"query": prompt, "response": response} for prompt, responses in job.cases for response in responses]
    results = iter(asyncio.run(runner.arun(rows))["score"])
    return [[getattr(next(results), "score", -1.0) for _ in responses] for _, responses in job.cases]


if __name__ == "__main__":
    logger.remove()
    report(Job.read(), judged)
