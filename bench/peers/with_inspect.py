"""`model_graded_qa` with a panel of k graders in `eval`, its logs as slim as they go: one response a prompt."""

import tempfile
from collections.abc import Sequence

from driving import Job, Scores, report
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig, ModelOutput, get_model
from inspect_ai.scorer import model_graded_qa
from inspect_ai.solver import Generate, TaskState, solver

PACKAGES = ("inspect-ai==0.3.285", "openai==3.57.0")
STYLE = "grade"

CRITERION = "The submission is accurate and easy to follow."


@solver
def given_response():
    """Put the response that is to be graded in the place of a model's output."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content("given", state.metadata["response"])
        return state

    return solve


def judged(job: Job) -> Sequence[Scores]:
    """Grade every response of every case by a panel of k graders, whose majority counts."""
    config = GenerateConfig(max_connections=job.concurrency)
    grader = get_model("openai/mock", config=config, base_url=job.url, responses_api=False)
    rows = [
        Sample(id=f"{i}-{j}", input=prompt, target=CRITERION, metadata={"response": response})
        for i, (prompt, responses) in enumerate(job.cases)
        for j, response in enumerate(responses)
    ]
    task = Task(dataset=rows, solver=given_response(), scorer=model_graded_qa(model=[grader] * job.k))
    with tempfile.TemporaryDirectory() as folder:
        (log,) = eval(
            task, model=None, display="none", log_dir=folder, log_realtime=False, log_buffer=10**6, ctl_server=False,
            max_connections=job.concurrency, max_samples=job.concurrency, score_display=False, log_model_api=False,
        )  # fmt: skip
        assert log.status == "success", log.error
        found = {one.id: float(next(iter(one.scores.values())).value == "C") for one in log.samples}
    return [[found[f"{i}-{j}"] for j in range(len(case[1]))] for i, case in enumerate(job.cases)]


if __name__ == "__main__":
    report(Job.read(), judged)
