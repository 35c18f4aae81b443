"""Bring a clinic's own documents into its FAQ: read, recognise pairs, judge, and lose nothing silently."""
