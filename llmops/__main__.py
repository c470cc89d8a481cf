"""Run the command as `python -m llmops`."""

from llmops.cli import main

main()
