"""Writes the pages of docs/ that are made from the code (`make docs-pages`). A rule test finds what is not in step."""
