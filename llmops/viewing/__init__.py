"""The runs of a project in a browser on this machine: read, compare, review and sign."""

from llmops.viewing.server import serve

__all__ = ["serve"]
