"""`summary.md`: what a pipeline's page and a pull request show of a run."""

from llmops.reporters.markdown.summary import render, write

__all__ = ["render", "write"]
