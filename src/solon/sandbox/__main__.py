"""`python -m solon.sandbox out=FOLDER chunks=360 ...`: train the base model and print what it can do."""

import json
import logging
import sys

from solon.sandbox.config import BaseConfig
from solon.sandbox.evaluate import evaluate
from solon.sandbox.training import train_base

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
folder = train_base(BaseConfig.model_validate(dict(argument.split("=", 1) for argument in sys.argv[1:])))
for row in evaluate(folder):
    print(json.dumps(row))
