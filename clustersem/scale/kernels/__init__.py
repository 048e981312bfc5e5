"""Factor extraction: pure functions of a correlation matrix, one method a file."""
