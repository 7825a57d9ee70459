"""The verbs of the `matryoshka` command: a caller's, over HTTP; an operator's, on Redis and key files."""
