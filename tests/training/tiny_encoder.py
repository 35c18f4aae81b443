"""An encoder of a few thousand random weights, for tests that need no trained one."""

from __future__ import annotations

import string
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from training.recipe import Train
from training.rows import Example
from training.tasks.base import Task
from training.trainers.base import Job

POSITIONS = 32
BASE_SHA256 = "0" * 64
QUICK = Train(
    rank=2,
    alpha=4,
    learning_rate=1e-2,
    epochs=2,
    batch=4,
    evaluations=2,
    saves=4,
    dropout=0.1,
    max_tokens=POSITIONS,
)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Return a WordPiece tokenizer that spells words letter by letter."""
    letters = string.ascii_lowercase + string.digits + string.punctuation
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{one}" for one in letters)]
    tokenizer = Tokenizer(WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=POSITIONS,
    )  # fmt: skip


def tiny_base(folder: Path) -> Path:
    """Write the encoder as a sentence-transformers folder and return it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BertModel(
            BertConfig(
                vocab_size=len(tiny_tokenizer()), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                intermediate_size=32, max_position_embeddings=POSITIONS,
            )
        )  # fmt: skip
    raw = folder / "raw"
    model.save_pretrained(raw)
    tiny_tokenizer().save_pretrained(raw)
    words = Transformer(str(raw), max_seq_length=POSITIONS)
    whole = SentenceTransformer(modules=[words, Pooling(words.get_embedding_dimension())], device="cpu")
    whole.save_pretrained(str(folder / "base"), create_model_card=False)
    return folder / "base"


def tiny_job(
    base: Path,
    folder: Path,
    task: Task,
    train: list[Example],
    validation: list[Example] | None = None,
    *,
    settings: Train = QUICK,
    base_sha256: str = BASE_SHA256,
) -> Job:
    """Return a job on the tiny encoder that writes below `folder`."""
    return Job(
        task=task, base=base, base_sha256=base_sha256, base_source="path:tiny", train=train,
        validation=validation or [], settings=settings, clinic="the clinic", seed=3, out=folder / "out",
        checkpoints=folder / "checkpoints", logs=folder / "logs",
    )  # fmt: skip
