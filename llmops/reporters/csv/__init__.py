"""Tables for a spreadsheet or a data frame, in UTF-8, one file each."""

from llmops.reporters.csv.comparison import write_comparison
from llmops.reporters.csv.metrics import write_metrics
from llmops.reporters.csv.results import write_results

__all__ = ["write_comparison", "write_metrics", "write_results"]
