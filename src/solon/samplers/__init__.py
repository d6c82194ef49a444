"""The seam to a model and its adapters: any OpenAI-compatible server, transformers in process, scripted, recorded."""
