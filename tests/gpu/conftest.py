"""The GPU tests share the small base of the training tests."""

from tests.training.conftest import base_tokenizer, tiny_base

__all__ = ["base_tokenizer", "tiny_base"]
