"""The reward server: one judge behind HTTP, with a native protocol and the ones that trainers speak."""
