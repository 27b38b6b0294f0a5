"""Experiments: sweeps over paired seeds, their records, and how to compare what came out."""
