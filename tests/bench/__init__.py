"""Benchmarks: ratios of things measured in turn in one run, never speeds. `make bench` writes docs/bench.md."""
