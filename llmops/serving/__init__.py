"""A release behind HTTP: the step that was measured answers one request as it answered a line."""
