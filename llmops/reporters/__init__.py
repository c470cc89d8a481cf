"""Kinds of report: each renders numbers that come computed, and none computes its own."""
