"""The suite that all claims of speed come from: ``python -m benchmarks``."""
