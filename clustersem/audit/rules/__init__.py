"""The relations that must hold among printed numbers, a family a file."""
