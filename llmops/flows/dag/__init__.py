"""Flows in `flow.dag.yaml`, run with promptflow's semantics by an engine of our own."""
