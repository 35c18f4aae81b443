"""How much personal data the scrubber finds, against stock Presidio: `python -m benchmarks.pii`.

What is measured is generated here or read from `CAREFOLD_DATASETS`. Must not print or keep a data
set's words.
"""
