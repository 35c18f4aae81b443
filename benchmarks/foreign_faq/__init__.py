"""A clinic's FAQ that nothing was built on, and the questions that people ask it.

`faq.jsonl` and `questions.jsonl` were written by an author who saw neither code nor figures, and frozen by
`frozen.sha256` before they were measured. Must not be read while rules, weights or thresholds are chosen:
they would then measure nothing.
"""
