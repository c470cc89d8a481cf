"""One self-contained, offline page: numbers first, then every line side by side."""

from llmops.reporters.html.page import write

__all__ = ["write"]
