"""The scripted sampler in its three shapes."""

from solon.samplers.scripted import ScriptedSampler
from solon.samplers.seam import Failure, Request, Sampled
from solon.types import Image, Message, Text
from tests.samplers.asking import ask, texts


async def test_a_function_sees_request_and_index() -> None:
    sampler = ScriptedSampler(lambda request, index: f"{request.seed + index}")
    answers = await sampler.sample([ask("a", n=2, seed=5), ask("b")])
    assert [texts(answer) for answer in answers] == [["5", "6"], ["0"]]
    assert [request.seed for request in sampler.asked] == [5, 0]


async def test_a_mapping_is_looked_up_in_the_prompt_and_rotates_over_samples() -> None:
    sampler = ScriptedSampler({"cats": ["one", "two"], "dogs": Sampled("three", tokens=9)})
    answers = await sampler.sample([ask("all about dogs", n=2), ask("cats", n=3), ask("fish")])
    assert answers[0].samples == (Sampled("three", tokens=9),) * 2
    assert texts(answers[1]) == ["one", "two", "one"]
    assert answers[2].samples == (Failure("the script has no answer for the prompt that begins 'fish'"),)


async def test_a_list_is_used_up_in_order() -> None:
    sampler = ScriptedSampler(["one", Failure("no"), "three"])
    answers = await sampler.sample([ask("a", n=2), ask("b", n=2)])
    assert answers[0].samples == (Sampled("one"), Failure("no"))
    assert answers[1].samples == (Sampled("three"), Failure("the script is over after 3 answers"))
    await sampler.close()


async def test_strings_are_what_a_model_wrote() -> None:
    sampler = ScriptedSampler(["prompt <<<end>>> <think>hm</think>\nanswer STOP more"])
    answer = (await sampler.sample([ask("prompt", echo_mark="<<<end>>>", stop=("STOP",))]))[0]
    assert answer.samples == (Sampled("answer ", reasoning="hm"),)


async def test_an_image_reaches_it_in_its_place_or_is_unsupported() -> None:
    parts = (Text("before "), Image("data:image/png;base64,AA"), Text(" after"))
    request = Request((Message("user", parts),), n=2)
    seeing, blind = ScriptedSampler(["a", "b"]), ScriptedSampler(["a", "b"], text_only=True)
    assert texts((await seeing.sample([request]))[0]) == ["a", "b"]
    assert seeing.asked[0].messages[0].content == parts
    answer = (await blind.sample([request]))[0]
    assert [getattr(sample, "reason", "") for sample in answer.samples] == ["unsupported_content"] * 2
