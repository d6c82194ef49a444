"""The seam to a scalar model, and its adapters."""
