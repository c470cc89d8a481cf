"""Kinds of experiment tracker: each is told of a run, and none is needed to have one."""
