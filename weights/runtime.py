"""onnxruntime, which reads the small encoders: imported here alone, once it is told to report nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import weights  # noqa: F401 - first: onnxruntime reads the switches that this sets when it is loaded

# isort: split
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from weights.cache import verified
from weights.cores import usable_cores
from weights.errors import WeightsCorrupt
from weights.served import MODEL, NOTE, TOKENIZER, ServedCard

# Of the runtime, for one window. More than one shortens a lone short text where cores are idle.
_THREADS_INSIDE: Final = 1
_MOST_THREADS: Final = 4


def open_served(folder: Path) -> tuple[onnxruntime.InferenceSession, Tokenizer, ServedCard]:
    """Open what `weights.served` built: its graph, its tokenizer, and what it is.

    Raises WeightsCorrupt when it is not as it was written.
    """
    try:
        verified(folder)
        session, tokenizer = open_session(folder / MODEL), open_tokenizer(folder / TOKENIZER)
        notes = session.get_modelmeta().custom_metadata_map
        return session, tokenizer, ServedCard.model_validate_json(notes[NOTE])
    except (WeightsCorrupt, OSError, KeyError, ValueError) as error:
        raise WeightsCorrupt(
            f"folder {folder.name!r} cannot be used ({type(error).__name__}): delete it, and it is built "
            "again from its release"
        ) from None


def readers() -> int:
    """Return how many texts are read at once: one a core that this process may use, at most four."""
    return min(usable_cores(), _MOST_THREADS)


def open_session(file: Path) -> onnxruntime.InferenceSession:
    """Open a graph of `weights.bert_onnx`. Raises ValueError when it is none."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS_INSIDE
    # Threads that spin while they wait take the cores from the others.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    # Plans of memory are kept for every length of input that ever came, and this is a service.
    options.enable_mem_pattern = False
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        # The first run is the slow one, and shows whether there can be a second.
        session.run(["logits"], {"tokens": np.zeros(2, dtype=np.int64)})
        return session
    except Exception as error:  # noqa: BLE001 - the library's errors share no base of their own
        raise ValueError(f"no ONNX model: {type(error).__name__}") from None


def open_tokenizer(file: Path) -> Tokenizer:
    """Open a tokenizer that neither cuts nor pads. Raises ValueError when the file is none."""
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001 - the library raises plain Exception
        raise ValueError(f"no tokenizer: {type(error).__name__}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
