"""A fit into a verdict on whether its solution can be trusted."""
