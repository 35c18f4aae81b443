"""The peer of `benchmarks.decode`: llama.cpp on the same weights, in an interpreter of its own.

Reads {"prompt", "max_tokens"} as JSON Lines on stdin and answers {"tokens", "seconds"}. Imports
nothing of ours, because the environment that has llama-cpp-python has nothing else.
Run: PYTHON benchmarks/decode_llama.py MODEL.gguf THREADS
"""

from __future__ import annotations

import json
import sys
import time

from llama_cpp import Llama


def main() -> None:
    """Load once, then answer each line."""
    model = Llama(
        sys.argv[1], n_ctx=2048, n_threads=int(sys.argv[2]), n_threads_batch=int(sys.argv[2]), verbose=False
    )
    for line in sys.stdin:
        asked = json.loads(line)
        prompt = model.tokenize(asked["prompt"].encode(), add_bos=False, special=True)
        model.reset()
        started = time.perf_counter()
        count = 0
        # `reset=True` alone would keep the part of the prompt that it has read before.
        model.n_tokens = 0
        for token in model.generate(prompt, temp=0.0, reset=True):
            if token == model.token_eos():
                break
            count += 1
            if count >= asked["max_tokens"]:
                break
        print(json.dumps({"tokens": count, "seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main()
