"""Results into tables, figures and pages: pure rendering, computes no statistic."""
