"""Reads the pages for people: their blocks of code, their headings and their links, and what a command in them says."""
