"""Questions that patients ask the sample clinic: 310 that an entry answers, 305 that none does.

Written from the entries' own questions and answers, without their alternates or any other set of questions,
and frozen by `frozen.sha256` before they were measured. Must not be read while rules, weights or thresholds
are chosen: they would then measure nothing.
"""
