"""One process for each engine, all speaking the protocol of :mod:`benchmarks.worker`."""
