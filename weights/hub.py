"""Folders to and from a repository of the Hugging Face hub, with a token that is handed in.

A repository is made private, and a public one is refused unless the caller says that it may be. The
token is never part of a message. Must not know what the files mean: who calls verifies them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from weights.errors import WeightsError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# What the hub keeps in a repository for itself.
_HUBS_OWN = frozenset({".gitattributes"})


def upload(
    folder: Path,
    repo: str,
    *,
    files: Sequence[str],
    message: str,
    token: str = "",
    public: bool = False,
    endpoint: str = "",
) -> str:
    """Make `files` of `folder` the whole content of `repo` in one commit; return its revision.

    The repository is created, private, when there is none. `public` allows one that is public.
    Without `token` the hub client's own login is used, without `endpoint` its own address. Raises
    WeightsError: then nothing was changed, or a commit that nobody was told of is there.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    with _told(repo, "write to"):
        api = _api(token, endpoint)
        api.create_repo(repo, private=True, exist_ok=True)
        if not api.repo_info(repo).private and not public:
            raise WeightsError(
                f"the repository {repo} is public, and everyone could read what is pushed. Make it private "
                "in its settings, name another, or say --public"
            )
        old = set(api.list_repo_files(repo)) - set(files) - _HUBS_OWN
        commit = api.create_commit(
            repo,
            [
                *(CommitOperationAdd(name, folder / name) for name in files),
                *(CommitOperationDelete(name) for name in sorted(old)),
            ],
            commit_message=message,
        )
    return str(commit.oid)


def revision_of(repo: str, revision: str, *, token: str = "", endpoint: str = "") -> str:
    """Return the commit that a branch, tag or commit names. Raises WeightsError when there is none."""
    with _told(repo, "read"):
        return str(_api(token, endpoint).repo_info(repo, revision=revision).sha)


def download(
    repo: str, revision: str, *, files: Sequence[str], out: Path, token: str = "", endpoint: str = ""
) -> None:
    """Fetch `files` of `repo` at `revision` into the folder `out`. Raises WeightsError."""
    with _told(repo, "read"):
        api = _api(token, endpoint)
        for name in files:
            api.hf_hub_download(repo, name, revision=revision, local_dir=out)
    # The client's own bookkeeping is not part of what was asked for.
    shutil.rmtree(out / ".cache", ignore_errors=True)


def _api(token: str, endpoint: str) -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint or None, token=token or None)


@contextmanager
def _told(repo: str, what: str) -> Iterator[None]:
    """Turn the client's failures into one error that says what to do and shows nothing that was sent."""
    import httpx2  # what the hub client speaks with
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        raise WeightsError(
            f"the hub did not let us {what} {repo} ({type(error).__name__}, status {status}). Check the "
            "name, and that the token may do that"
        ) from None
    except HFValidationError:
        raise WeightsError(f"{repo!r} is no name of a repository: write org/name") from None
    except (OSError, httpx2.HTTPError, ValueError) as error:
        raise WeightsError(
            f"cannot {what} {repo} ({type(error).__name__}): is the hub reachable from here? A folder works "
            "without it: path:DIR"
        ) from None
