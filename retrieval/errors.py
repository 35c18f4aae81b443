"""What can go wrong in retrieval.

RetrievalError
├── FaqFileError       a FAQ path is missing, unreadable or of an unknown kind
├── EmptyFaq           no row could be used, so there is nothing to index
├── EmbedderError      an embedder cannot be loaded or gives vectors of a wrong shape
├── RankerError        a ranker of entries cannot be loaded
├── IndexMissing       the folder is no index folder
├── IndexCorrupt       a file of the index does not have the content its manifest names
├── IndexMismatch      the index was built by another embedder or format than is asked for
├── SearchError        a search was asked with a value that cannot be served
├── NoSuchGeneration   an index was never in the state that is asked for, or it is not kept any more
├── UnknownEntry       no entry has the id that is to be changed
├── UnknownLanguage    a language is named by what is no language code
└── ChangeRefused      a change of the FAQ would do what is not allowed

A message names files, ids, row numbers and settings; never the words of a question.
"""

from __future__ import annotations


class RetrievalError(Exception):
    """Something about the FAQ, its index or a search failed."""


class FaqFileError(RetrievalError):
    """A FAQ path is missing, unreadable or of an unknown kind."""


class EmptyFaq(RetrievalError):
    """No row of the FAQ could be used."""


class EmbedderError(RetrievalError):
    """An embedder cannot be loaded, or its vectors have a wrong shape."""


class RankerError(RetrievalError):
    """A ranker cannot be loaded."""


class IndexMissing(RetrievalError):
    """The folder holds no index."""


class IndexCorrupt(RetrievalError):
    """A file of the index is missing or altered."""


class IndexMismatch(RetrievalError):
    """The index does not fit the embedder or the format of this version."""


class SearchError(RetrievalError):
    """A search was asked with a value that cannot be served."""


class NoSuchGeneration(RetrievalError):
    """An index was never in the state that is asked for, or it is not kept any more."""


class UnknownEntry(RetrievalError):
    """No entry has the id that is to be changed."""


class UnknownLanguage(RetrievalError):
    """A language is named by what is no language code."""


class ChangeRefused(RetrievalError):
    """A change of the FAQ would do what is not allowed."""
