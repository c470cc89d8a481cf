"""The ledger: JSON lines in `reports/ledger.jsonl`, each with the hash of the one before it.

Only the end of the file can be cut off unseen, so `llmops audit` prints the head: a CI log or a git
tag that has it is the anchor.
"""

from llmops.ledger.chain import LEDGER, path_of, verify
from llmops.ledger.writing import append, mend, now

__all__ = ["LEDGER", "append", "mend", "now", "path_of", "verify"]
