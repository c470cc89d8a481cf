"""An image of a release: what goes into it, and the file that says how it is built."""
