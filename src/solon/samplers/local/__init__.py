"""Sampling in process: prompts to tokens, waves of rows, one prefill for all samples of a prompt, and drawing."""
