"""Mean pooling for BERT: a head that reads the mean of all tokens, as sentence encoders were trained to be read.

`BertForSequenceClassification` reads the first token only. One more layer, which at first attends to all tokens alike
and hands on what it finds, makes that token their mean; so a checkpoint stays one that transformers and servers load.
"""

import torch
from transformers import BertForSequenceClassification, PreTrainedModel

from solon.errors import UserError

_MEAN = 4.0
"""How many times the mean outweighs the token's own state in the new layer, before training."""
_LINEAR = 0.5
"""What the pooler multiplies by, so that its tanh bends a normalized state little."""


def mean_pooled(model: PreTrainedModel) -> BertForSequenceClassification:
    """Return the model with one more layer, through which its head reads about the mean of all tokens.

    Raises:
        UserError: the model is no BERT with a head.
    """
    if not isinstance(model, BertForSequenceClassification):
        raise UserError(
            f"pooling is 'mean', which is for BERT, and '{model.config.name_or_path}' is {type(model).__name__}: leave "
            "it out, then a decoder is read at its last token and an encoder as its own head reads it"
        )
    config = type(model.config).from_dict(model.config.to_dict())
    config.num_hidden_layers += 1
    deeper = BertForSequenceClassification(config).to(model.dtype)
    deeper.load_state_dict(model.state_dict(), strict=False)
    with torch.no_grad():
        _open(deeper)
    return deeper


def _open(model: BertForSequenceClassification) -> None:
    """Let the last layer average, and the pooler hand on."""
    *_, before, layer = model.bert.encoder.layer
    same = torch.eye(model.config.hidden_size)
    attention = layer.attention
    attention.self.key.load_state_dict(before.attention.self.key.state_dict())
    found = (attention.self.query, 0.0), (attention.self.value, 1.0), (attention.output.dense, _MEAN)
    for linear, times in (*found, (model.bert.pooler.dense, _LINEAR)):
        linear.weight.copy_(times * same)
        linear.bias.zero_()
    layer.output.dense.weight.zero_()
    layer.output.dense.bias.zero_()
