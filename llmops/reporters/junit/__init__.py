"""`junit.xml`: what a pipeline shows as its tests."""

from llmops.reporters.junit.document import write

__all__ = ["write"]
