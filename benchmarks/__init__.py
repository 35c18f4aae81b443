"""Measurements. Each prints its figures and, with --out, writes them with versions and date."""
