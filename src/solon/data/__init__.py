"""Readers of what people have on disk: one file per layout, each line a case with or without its label."""

from solon.data.files import Malformed, Reading, each_case, read_cases, unpacked

__all__ = ["Malformed", "Reading", "each_case", "read_cases", "unpacked"]
