"""The lifecycle: one stage per file, none imports another; a command calls them in turn."""
