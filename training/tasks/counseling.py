"""Counseling: a person tells of a situation or a feeling, and the answer listens and helps a step on.

The prompt is the one that the chat uses for `support` answers. The model may carry no medical or clinic
fact: the output check of the chat holds that, and the guards here count it.
"""
