"""Benchmarks: ratios of two things measured in turn in one run, never absolute speeds. `make bench` writes docs/bench.md."""
