"""From FAQ files to hits: load, index, search, and say how sure the search is.

Imports `weights` and nothing else of ours. The public names stand in their own modules:
`retrieval.faq`, `retrieval.build`, `retrieval.retriever`, `retrieval.embedder`.
"""
