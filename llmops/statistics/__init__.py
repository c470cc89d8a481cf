"""What can be said about scores: pure functions on arrays, each with its source."""
