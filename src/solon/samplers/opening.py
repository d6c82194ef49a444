"""Open the sampler that a model's name stands for; heavy libraries are imported only by the one that needs them."""

import os

from solon.checkpoint import SANDBOX
from solon.config import SamplingConfig
from solon.errors import UserError
from solon.samplers.seam import Sampler


def open_sampler(config: SamplingConfig) -> Sampler:
    """Return a sampler for `config.model`: a server's URL, a checkpoint folder, a hub id, or `sandbox`.

    Raises:
        UserError: the model cannot be loaded, the library that would load it is not installed, or an option has no
            meaning for it.
    """
    if config.model.startswith(("http://", "https://")):
        from solon.samplers.openai import OpenAISampler

        return OpenAISampler(
            config.model,
            served_model=config.served_model,
            api_key=os.environ.get(config.api_key_env),
            concurrency=config.concurrency,
            timeout=config.timeout,
            extra_body=config.extra_body,
        )
    if config.served_model is not None or config.extra_body:
        raise UserError(f"served_model and extra_body are for servers, and '{config.model}' is none: leave them out")
    try:
        from solon.samplers.transformers import TransformersSampler
    except ModuleNotFoundError as error:
        raise UserError(
            f"'{config.model}' is to be judged with in this process, which needs {error.name}: pip install "
            "'solon[local]', or give the http:// address of a server"
        ) from error
    return TransformersSampler.load(str(SANDBOX) if config.model == "sandbox" else config.model)
