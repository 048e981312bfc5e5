"""A fit into distributions: bootstrap, simulation, power and cutoffs."""
