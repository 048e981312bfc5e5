"""Printed tables into a list of contradictions."""
