"""Recipes that train judges: flat, whole, and handing datasets, collators and reward functions to TRL.

`sample` draws judgments of labeled cases; `rft` keeps the right ones and fine-tunes on them; `grpo` goes on with
rule-based reinforcement learning; `meta` trains the scalar model that weighs votes; `scalar` the classic reward model.
`pairrm` reads two responses together; `criticizing` samples the critiques that the head of `cloud` reads.
"""
