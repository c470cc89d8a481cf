"""The language model that comes with this package: its file, its server, its process."""
