"""Workloads of figures and reports; one file each, numbered as in docs/benchmarks.md."""
