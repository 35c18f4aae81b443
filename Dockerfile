# Carefold as an image: user 1000, and nothing is written but to /data, /cache and /tmp. It also runs with
#   docker run --read-only --tmpfs /tmp -v carefold-data:/data -v carefold-cache:/cache -p 7860:7860 carefold
#
# Build arguments, see docs/deploy.md:
#   BASE          an image with Python 3.11 or newer and its venv module
#   ACCELERATOR   cpu or gpu: which lock is installed, and with it which build of torch
#   TORCH_INDEX   where torch's CPU build comes from; PIP_INDEX_URL has the CUDA build. Whatever else it
#                 serves, a file whose hash is not in the lock is refused
#   PIP_INDEX_URL where everything else comes from; it stays readable in the image's history, so no password
#   EXTRAS        further packages, such as the driver of a database; the locks have no hashes for them
#   BAKE_WEIGHTS  1 puts the default weights (600 MB) into the image; else the first start fetches them
ARG BASE=docker.io/library/python:3.11-slim-bookworm
FROM ${BASE}

RUN useradd --uid 1000 --no-create-home --home-dir /cache carefold \
    && mkdir /app /data /cache \
    && chown carefold:carefold /data /cache \
    && python3 -m venv /opt/venv

ENV PATH=/opt/venv/bin:$PATH \
    HOME=/cache \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app
COPY requirements-cpu.lock requirements-gpu.lock ./

# Wheels alone, each with its hash: nothing of a package runs while the image is built.
ARG PIP_INDEX_URL
ARG ACCELERATOR=cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN pip install --require-hashes --only-binary=:all: \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r "requirements-$ACCELERATOR.lock"
# Extras come without hashes, and change nothing of what the lock has.
ARG EXTRAS
RUN if [ -n "$EXTRAS" ]; then \
        pip freeze > /tmp/locked.txt && pip install -c /tmp/locked.txt $EXTRAS && rm /tmp/locked.txt; \
    fi

# .dockerignore lets in what serves, and nothing else.
COPY . .
RUN python -m compileall -q app retrieval safety weights

# Compiled above; a read-only /app could not take what Python would write.
ENV PYTHONDONTWRITEBYTECODE=1 \
    CAREFOLD_DATA_DIR=/data \
    CAREFOLD_CACHE_DIR=/cache \
    HF_HOME=/cache/huggingface \
    HF_HUB_DISABLE_TELEMETRY=1 \
    GRADIO_SERVER_NAME=0.0.0.0

USER 1000

# What else `prepare` writes, a database and the sample index, belongs to a running server.
ARG BAKE_WEIGHTS=0
RUN if [ "$BAKE_WEIGHTS" = 1 ]; then CAREFOLD_DATA_DIR=/tmp/data python -m app prepare && rm -r /tmp/data; fi

VOLUME ["/data", "/cache"]
EXPOSE 7860

# /healthz says that the server lives. The first start may take minutes to be ready: /readyz says when.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]

ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0", "--port", "7860"]
