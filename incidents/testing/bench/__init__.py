"""Workloads of the ticket engine; one file each, numbered as in docs/benchmarks.md."""
