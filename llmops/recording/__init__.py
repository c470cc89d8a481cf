"""Requests and their answers in a file, to be answered again without asking."""
