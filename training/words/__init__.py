"""Lists of words for cleaning a corpus, and the making of the lists of medicine's words for the scrubber.

`training/spelling.py` reads the text files. `python -m training.words` writes two lists of
`safety/recognizers/words/` from published vocabularies; `vocabularies.py` says which. Serving needs none.
"""
