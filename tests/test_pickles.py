"""A pickle in any folder that the program reads is never opened.

Each reader meets files that leave a mark when they are unpickled: beside what it reads, and in the place
of each of its files. It may refuse, with an error of its own, or leave the file alone.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import pickle
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import spacy
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, LlamaConfig, LlamaForCausalLM

from app.errors import GenerationError, ReleaseRefused, StoreError
from app.models.transformers_local_adapters import with_adapter
from app.models.transformers_local_load import _read
from app.release_manifest import verify
from app.store import Store, restore
from retrieval.build import build_index
from retrieval.embedder import HashEmbedder, SentenceTransformerEmbedder
from retrieval.errors import EmbedderError, IndexCorrupt, RankerError, RetrievalError
from retrieval.faq import FaqEntry, load_faq
from retrieval.intake.documents import FORMATS, documents, read_document
from retrieval.manifest import hash_files, read_manifest, write_manifest
from retrieval.ranker import Ranker
from retrieval.retriever import Retriever
from safety import bulk_formats
from safety.analyzer import NameModelEngine
from safety.audit import audit
from safety.audit_canaries import Matcher
from safety.audit_findings import Search
from safety.bulk import BulkSettings, scrub_folder
from safety.bulk_scrubber import ScrubberChoice, build_scrubber
from safety.crisis_ngrams import SHIPPED, CrisisNgrams
from safety.errors import CrisisWeightsError, PolicyError, ReaderError
from safety.reader import MessageReader
from safety.recognizers.tagger import TaggerRecognizer
from safety.scrubber import Scrubber
from tests.app.sealed import sealed
from tests.training.tiny_encoder import tiny_base
from training.errors import CorpusError, ReleaseError
from training.reading import SUFFIXES, RawRow, read_corpus
from training.recipe import Corpus
from training.trainers.causal_lm_checkpoints import MARKER, mark_complete, newest_complete
from training.trainers.checkpoints import Checkpoint, Position, newest_checkpoint, save_checkpoint
from training.trainers.encoder_base import load_adapter, load_encoder, load_tokenizer
from training.trainers.export_weights import merge
from weights import fetch
from weights.bert import read_bert
from weights.cache import publish, verified
from weights.errors import UnsafeWeights, WeightsCorrupt, WeightsError, WeightsUnfit
from weights.gguf import safetensors_folder

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = [
    FaqEntry("hours", "When are you open?", "On weekdays from eight to five."),
    FaqEntry("park", "Where can I park?", "Behind the building."),
]
BESIDE = (
    "entries.pkl", "index.pickle", "model.joblib", "pytorch_model.bin", "adapter_model.bin", "model.pt", "model.pth",
    "model.ckpt", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state.pth", "training_args.bin",
    "vectors.npy", "data.npz", "vocab.pkl", "cache.shelve", "conftest.dill",
)  # fmt: skip


class Mark:
    """Whoever unpickles it makes a folder."""

    def __init__(self, at: Path) -> None:
        self.at = at

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.at),)


def pickles(mark: Path) -> dict[str, bytes]:
    """Return the mark in each form of pickle that some library opens."""
    plain, packed, old, array, dumped = (io.BytesIO() for _ in range(5))
    pickle.dump(Mark(mark), plain)
    torch.save({"weight": Mark(mark)}, packed)
    torch.save({"weight": Mark(mark)}, old, _use_new_zipfile_serialization=False)
    np.save(array, np.array([Mark(mark)], dtype=object), allow_pickle=True)
    joblib.dump(Mark(mark), dumped)
    forms = {"plain": plain, "torch": packed, "old torch": old, "numpy": array, "joblib": dumped}
    return {name: stream.getvalue() for name, stream in forms.items()} | {
        "zlib": zlib.compress(plain.getvalue())
    }


CARELESS: dict[str, Callable[[bytes], object]] = {
    "plain": pickle.loads,
    "torch": lambda raw: torch.load(io.BytesIO(raw), weights_only=False),
    "old torch": lambda raw: torch.load(io.BytesIO(raw), weights_only=False),
    "numpy": lambda raw: np.load(io.BytesIO(raw), allow_pickle=True),
    "joblib": lambda raw: joblib.load(io.BytesIO(raw)),
    "zlib": lambda raw: pickle.loads(zlib.decompress(raw)),
}


@pytest.mark.parametrize("form", CARELESS)
def test_whoever_opens_one_leaves_the_mark(form: str, tmp_path: Path) -> None:
    CARELESS[form](pickles(tmp_path / "mark")[form])
    assert (tmp_path / "mark").is_dir()


@dataclass(frozen=True)
class Reader:
    """What fills a folder, what reads it, and the errors by which it may refuse."""

    make: Callable[[Path], object]
    read: Callable[[Path], object]
    refuses: tuple[type[Exception], ...]


def _index(folder: Path) -> None:
    build_index(ENTRIES, out=folder, embedder=HashEmbedder())


def _open_index(folder: Path) -> object:
    return Retriever.open(folder, HashEmbedder())


def _open_index_that_was_sealed_again(folder: Path) -> object:
    try:
        manifest = read_manifest(folder)
    except RetrievalError:
        return None  # it is the manifest that was replaced
    stated = manifest.model_copy(update={"files": hash_files(folder)})
    write_manifest(folder, stated)
    return _open_index(folder)


def _faq(folder: Path) -> None:
    folder.mkdir()
    (folder / "one.jsonl").write_text('{"id": "a", "question": "Why?", "answer": "So."}\n', "utf-8")
    (folder / "two.csv").write_text("id,question,answer\nb,How?,Thus.\n", "utf-8")
    (folder / "three.md").write_text("# Topic\n\n## Where?\n\nThere.\n", "utf-8")


def _read_documents(folder: Path) -> object:
    for suffix in FORMATS:
        for file in list(folder.glob("*.pkl")):
            shutil.copyfile(file, folder / f"{file.stem}{suffix}")
    return [read_document(file) for file in documents([folder])]


def _llama(folder: Path) -> LlamaForCausalLM:
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=2,
        )
    )  # fmt: skip
    model.save_pretrained(folder)
    return model


def _adapter(folder: Path) -> None:
    model = get_peft_model(_llama(folder / "base"), LoraConfig(r=2, target_modules=["q_proj"]))
    model.save_pretrained(folder / "adapter", save_embedding_layers=False)


def _read_adapter(folder: Path) -> object:
    return with_adapter(_read(folder / "base", torch.float32, "cpu"), "one", folder / "adapter")


def _merge(folder: Path) -> None:
    merge(folder / "base", folder / "adapter", folder / "out")


def _read_training_adapter(folder: Path) -> object:
    return load_adapter(_read(folder / "base", torch.float32, "cpu"), folder / "adapter")


def _encoder(folder: Path) -> None:
    folder.mkdir()
    tiny_base(folder)
    shutil.rmtree(folder / "raw")


def _read_encoder(folder: Path) -> None:
    fetch(f"path:{folder / 'base'}")
    load_tokenizer(folder / "base")
    load_encoder(AutoModel, folder / "base", labels=("a", "b"))


def _embedder(folder: Path) -> object:
    return SentenceTransformerEmbedder(folder / "base", "tiny", sha256="0" * 64)


def _cached(folder: Path) -> None:
    publish(folder / "weights" / "hub--a--b--1", "hub:a/b@1", _some_weights)


def _some_weights(fresh: Path) -> None:
    (fresh / "model.safetensors").write_bytes(b"\0" * 64)
    (fresh / "config.json").write_text("{}", "utf-8")


def _gguf(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.gguf").write_bytes(b"GGUF" + b"\0" * 60)


def _spacy(folder: Path) -> None:
    language = spacy.blank("en")
    language.add_pipe("ner").add_label("PERSON")  # type: ignore[attr-defined]
    language.initialize()
    language.to_disk(folder)


def _tagger(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"\0")
    (folder / "tokenizer.json").write_text("{}", "utf-8")


def _sealed_again(folder: Path) -> Path:
    """Seal the folder anew, so that what is read is the model and not its hash."""
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    def fill(fresh: Path) -> None:
        for name, raw in files.items():
            (fresh / name).write_bytes(raw)

    publish(folder / "sealed", "a test", fill)
    return folder / "sealed"


@cache
def _scrubber() -> Scrubber:
    return build_scrubber(ScrubberChoice())


def _scrub(folder: Path) -> None:
    """Scrub a folder in which each pickle also stands under every name that is read."""
    for suffix in bulk_formats.FORMATS:
        for file in list(folder.glob("*.pkl")):
            shutil.copyfile(file, folder / f"{file.stem}{suffix}")
    out = folder.with_name(f"{folder.name}-scrubbed")
    scrub_folder(folder, out, settings=BulkSettings(), scrubber=_scrubber())
    shutil.rmtree(out)


def _checkpoints(folder: Path) -> None:
    tensors = {"a": torch.zeros(2)}
    for step in (1, 2):
        save_checkpoint(
            folder, Checkpoint(Position(job="job", step=step), weights=tensors, optimizer=tensors)
        )


def _trainer_checkpoint(folder: Path) -> None:
    one = folder / "checkpoint-3"
    one.mkdir(parents=True)
    (one / "adapter_model.safetensors").write_bytes(b"\0" * 64)
    torch.save({"state": {}}, one / "optimizer.pt")
    mark_complete(one, "job")


def _resume(folder: Path) -> None:
    found = newest_complete(folder, "job")
    if found is not None:  # nothing was altered in it, so that the library may read it
        assert {file.name for file in found.iterdir()} == {
            "adapter_model.safetensors",
            "optimizer.pt",
            MARKER,
        }
        torch.load(found / "optimizer.pt", weights_only=True)


def _corpus(folder: Path) -> None:
    folder.mkdir()
    for suffix in SUFFIXES:
        (folder / f"rows{suffix}").write_text('{"question": "Why?", "answer": "So."}\n', "utf-8")


def _read_corpora(folder: Path) -> object:
    rows = []
    for file in sorted(folder.iterdir()):
        corpus = Corpus.model_validate({"source": str(file), "licence": "ours"})
        try:
            rows += list(read_corpus(corpus, datasets=None, cache_dir=None, offline=True))
        except CorpusError:
            continue
    assert not any("mark" in str(row.values) for row in rows if isinstance(row, RawRow))
    return rows


def _store(folder: Path) -> None:
    folder.mkdir()
    with Store.open(f"sqlite:///{folder / 'store.sqlite3'}") as store:
        store.backup(folder / "backup.sqlite3")


def _read_store(folder: Path) -> None:
    with contextlib.suppress(StoreError):
        restore(f"sqlite:///{folder / 'other.sqlite3'}", folder / "backup.sqlite3")
    with Store.open(f"sqlite:///{folder / 'store.sqlite3'}") as store:
        store.backup(folder / "again.sqlite3")


def _audit(folder: Path) -> object:
    return list(audit(folder, Search(find=lambda _text: [], matcher=Matcher(["a planted word"]))))


READERS = {
    "index": Reader(_index, _open_index, (IndexCorrupt, RetrievalError)),
    "index, sealed again": Reader(
        _index, _open_index_that_was_sealed_again, (RetrievalError, ValueError, RuntimeError)
    ),
    "FAQ": Reader(_faq, lambda folder: load_faq([folder]), (RetrievalError,)),
    "documents": Reader(_faq, _read_documents, ()),
    "release": Reader(sealed, verify, (ReleaseRefused,)),
    "adapter that is served": Reader(_adapter, _read_adapter, (GenerationError, OSError, ValueError, WeightsUnfit)),
    "adapter that is merged": Reader(_adapter, _merge, (ReleaseError, OSError, ValueError, WeightsUnfit)),
    "adapter of an encoder": Reader(_adapter, _read_training_adapter, (ReleaseError, OSError, ValueError, WeightsUnfit)),
    "encoder": Reader(_encoder, _read_encoder, (ReleaseError, WeightsError, OSError, ValueError)),
    "embedder": Reader(_encoder, _embedder, (EmbedderError,)),
    "weights in the cache": Reader(
        _cached, lambda folder: fetch("hub:a/b@1", cache_dir=folder, offline=True), (WeightsError,)
    ),
    "weights without torch": Reader(
        _encoder, lambda folder: read_bert(folder / "base", folder / "base"), (WeightsUnfit,)
    ),
    "GGUF": Reader(
        _gguf, lambda folder: safetensors_folder(folder, sha256="0" * 64, cache_dir=folder / "cache"), (Exception,)
    ),
    "crisis gate": Reader(
        lambda folder: shutil.copytree(SHIPPED, folder), CrisisNgrams.load, (CrisisWeightsError,)
    ),
    "name model": Reader(_spacy, NameModelEngine, (PolicyError,)),
    "tagger": Reader(_tagger, lambda folder: TaggerRecognizer(_sealed_again(folder)), (PolicyError,)),
    "reader of messages": Reader(_tagger, lambda folder: MessageReader(_sealed_again(folder)), (ReaderError,)),
    "ranker": Reader(_tagger, lambda folder: Ranker(_sealed_again(folder)), (RankerError,)),
    "folder to be scrubbed": Reader(_faq, _scrub, ()),
    "checkpoints of encoders": Reader(_checkpoints, lambda folder: newest_checkpoint(folder, "job"), ()),
    "checkpoints of chat models": Reader(_trainer_checkpoint, _resume, ()),
    "corpora": Reader(_corpus, _read_corpora, ()),
    "database": Reader(_store, _read_store, (StoreError,)),
    "audit": Reader(_faq, _audit, ()),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_a_pickle_beside_what_is_read_is_not_opened(name: str, tmp_path: Path) -> None:
    reader, mark = READERS[name], tmp_path / "mark"
    reader.make(tmp_path / "folder")
    forms = list(pickles(mark).values())
    for place in [tmp_path / "folder", *(tmp_path / "folder").rglob("*/")]:
        for at, file in enumerate(BESIDE):
            (place / file).write_bytes(forms[at % len(forms)])
    _try(reader, tmp_path / "folder")
    assert not mark.exists()


@pytest.mark.parametrize("name", READERS)
def test_a_pickle_in_the_place_of_a_file_is_not_opened(name: str, tmp_path: Path) -> None:
    reader, mark = READERS[name], tmp_path / "mark"
    reader.make(tmp_path / "good")
    forms = pickles(mark)
    files = [file.relative_to(tmp_path / "good") for file in (tmp_path / "good").rglob("*") if file.is_file()]
    assert files
    for file in files:
        for form in ("plain", "numpy" if file.suffix == ".npy" else "torch"):
            shutil.copytree(tmp_path / "good", tmp_path / "bad")
            (tmp_path / "bad" / file).write_bytes(forms[form])
            _try(reader, tmp_path / "bad")
            assert not mark.exists(), f"{file} as {form}"
            shutil.rmtree(tmp_path / "bad")


def _try(reader: Reader, folder: Path) -> None:
    try:
        reader.read(folder)
    except reader.refuses as error:
        assert str(error)


def test_weights_that_are_there_as_a_pickle_alone_are_refused_by_name(tmp_path: Path) -> None:
    _encoder(tmp_path / "tiny")
    base = tmp_path / "tiny" / "base"
    raw = pickles(tmp_path / "mark")["torch"]
    (base / "2_Dense").mkdir()
    (base / "2_Dense" / "pytorch_model.bin").write_bytes(raw)
    with pytest.raises(UnsafeWeights, match=r"2_Dense/pytorch_model\.bin can run code"):
        fetch(f"path:{base}")
    shutil.rmtree(base / "2_Dense")
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    (base / "pytorch_model.bin").write_bytes(raw)
    with pytest.raises(UnsafeWeights, match=r"pytorch_model\.bin can run code"):
        fetch(f"path:{base}")
    with pytest.raises(EmbedderError, match="safetensors"):
        _embedder(base.parent)
    with pytest.raises(ReleaseError, match="safetensors"):
        load_encoder(AutoModel, base, labels=("a", "b"))
    assert not (tmp_path / "mark").exists()


def test_an_adapter_that_is_there_as_a_pickle_alone_is_refused_by_name(tmp_path: Path) -> None:
    _adapter(tmp_path / "tiny")
    adapter = tmp_path / "tiny" / "adapter"
    (adapter / "adapter_model.safetensors").unlink()
    (adapter / "adapter_model.bin").write_bytes(pickles(tmp_path / "mark")["torch"])
    with pytest.raises(GenerationError, match=r"no adapter_model\.safetensors"):
        _read_adapter(adapter.parent)
    with pytest.raises(ReleaseError, match=r"no adapter_model\.safetensors"):
        _read_training_adapter(adapter.parent)
    with pytest.raises(UnsafeWeights, match=r"adapter_model\.bin can run code"):
        fetch(f"path:{adapter}")
    assert not (tmp_path / "mark").exists()


def test_an_adapter_that_is_a_pickle_by_another_name_is_refused(tmp_path: Path) -> None:
    _adapter(tmp_path / "tiny")
    raw = pickles(tmp_path / "mark")["torch"]
    (tmp_path / "tiny" / "adapter" / "adapter_model.safetensors").write_bytes(raw)
    with pytest.raises(GenerationError, match="SafetensorError"):
        _read_adapter(tmp_path / "tiny")
    with pytest.raises(ReleaseError, match="SafetensorError"):
        _read_training_adapter(tmp_path / "tiny")
    with pytest.raises(ReleaseError, match="cannot be read as safetensors"):
        _merge(tmp_path / "tiny")
    assert not (tmp_path / "mark").exists()


def test_a_sealed_folder_with_a_pickle_more_counts_as_altered(tmp_path: Path) -> None:
    publish(tmp_path / "sealed", "a test", _some_weights)
    (tmp_path / "sealed" / "pytorch_model.bin").write_bytes(pickles(tmp_path / "mark")["plain"])
    with pytest.raises(WeightsCorrupt, match=r"pytorch_model\.bin"):
        verified(tmp_path / "sealed")
    _trainer_checkpoint(tmp_path / "run")
    (tmp_path / "run" / "checkpoint-3" / "pytorch_model.bin").write_bytes(pickles(tmp_path / "mark")["torch"])
    assert newest_complete(tmp_path / "run", "job") is None


NEVER = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle",
    "srsly.cloudpickle",
}  # fmt: skip
NEVER_CALLED = {
    "read_pickle", "pickle_loads", "load_pickle", "unsafe_load", "full_load", "hdf5storage", "loadmat",
}  # fmt: skip
PACKAGES = ("app", "retrieval", "safety", "training", "weights", "deploy")


def faults(source: str) -> list[str]:
    """Return what in a piece of Python could open a pickle, or run code that lies beside weights."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"imports {name}" for name in names if {name, name.split(".")[0]} & NEVER]
        if isinstance(node, ast.Call):
            found += _faults_of_call(node)
    return found


def _faults_of_call(call: ast.Call) -> list[str]:
    given = {one.arg: ast.unparse(one.value) for one in call.keywords}
    name = ast.unparse(call.func)
    last = name.split(".")[-1]
    wanted: dict[str, str] = {}
    if name == "torch.load":
        wanted["weights_only"] = "True"
    if name in ("np.load", "numpy.load", "np.save", "numpy.save") or "BM25.load" in name:
        wanted["allow_pickle"] = "False"
    loads = last == "from_pretrained" and not name.startswith(("PeftModel", "PeftConfig", "Tokenizer"))
    if loads or last == "SentenceTransformer":
        wanted["trust_remote_code"] = "False"
    if loads and "AutoModel" in name and "gguf_file" not in given:
        wanted["use_safetensors"] = "True"
    wrong = [f"{name} without {key}={value}" for key, value in wanted.items() if given.get(key) != value]
    for key in ("trust_remote_code", "allow_pickle"):
        if given.get(key, "False") != "False":
            wrong.append(f"{name} with {key}={given[key]}")
    if given.get("weights_only", "True") != "True":
        wrong.append(f"{name} with weights_only={given['weights_only']}")
    if last in NEVER_CALLED:
        wrong.append(f"{name} is called")
    return wrong


@pytest.mark.parametrize("package", PACKAGES)
def test_no_code_opens_a_pickle_or_runs_what_lies_beside_weights(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    found = {str(file.relative_to(ROOT)): faults(file.read_text("utf-8")) for file in files}
    assert {file: said for file, said in found.items() if said} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from joblib import load", "import shelve as s", "torch.load(f)",
        "torch.load(f, weights_only=False)", "np.load(f)", "np.load(f, allow_pickle=True)", "pd.read_pickle(f)",
        "AutoTokenizer.from_pretrained(f)", "AutoModel.from_pretrained(f, trust_remote_code=False)",
        "AutoModel.from_pretrained(f, use_safetensors=True, trust_remote_code=True)",
        "yaml.unsafe_load(f)", "SentenceTransformer(f)", "load(f, trust_remote_code=given)",
    ],
)  # fmt: skip
def test_the_look_at_the_code_sees(line: str) -> None:
    assert faults(line)


def test_the_look_at_the_code_lets_safe_calls_pass() -> None:
    safe: list[Any] = [
        "torch.load(f, weights_only=True)", "np.load(f, allow_pickle=False)", "json.load(f)",
        "AutoModel.from_pretrained(f, use_safetensors=True, trust_remote_code=False)", "yaml.safe_load(f)",
    ]  # fmt: skip
    assert [line for line in safe if faults(line)] == []
