"""After a release: what its production log shows, and what to do next."""
