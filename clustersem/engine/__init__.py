"""Numbers in, numbers out: moment structures, discrepancies, optimisation and inference.

Nothing here knows a variable's name. A model is a :class:`~clustersem.engine.ram.Ram`, a sample is
a covariance matrix with its mean vector, and every function is a pure function of arrays.
"""
