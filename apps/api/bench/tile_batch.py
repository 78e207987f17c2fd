"""Whether tiles of several pictures gain by going through the denoiser together: its graph with the batch axis made free, batches of 1, 2 and 4 of one tile size.

    python apps/api/bench/tile_batch.py --threads 2        prints milliseconds a tile, and how far the batched tiles are from the single ones
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

WEIGHTS = Path(__file__).parents[3] / "models" / "weights"
BATCHED = ("degraded", "noisy_residual", "weather_prompts", "depth_prompts")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of one inference")
    parser.add_argument("--tiles", type=int, nargs="+", default=[256, 512, 832], help="side of a tile in pixels")
    parser.add_argument("--rounds", type=int, default=12)
    arguments = parser.parse_args()
    session = open_denoiser(arguments.model, arguments.threads)
    for side in arguments.tiles:
        feeds = {batch: make_feeds(batch, side) for batch in (1, 2, 4)}
        single = session.run(None, feeds[1])[0]  # [1,3,S,S]
        together = session.run(None, feeds[4])[0]  # [4,3,S,S], the first of them the same tile
        per_tile: dict[int, list[float]] = {batch: [] for batch in feeds}
        for _ in range(arguments.rounds):  # in turn, so that a busy machine disturbs all alike
            for batch, feed in feeds.items():
                begin = time.perf_counter()
                session.run(None, feed)
                per_tile[batch].append(1000 * (time.perf_counter() - begin) / batch)
        times = ", ".join(f"batch {batch}: {statistics.median(ms):.1f} ms a tile" for batch, ms in per_tile.items())
        print(f"tile {side}, {arguments.threads} threads, one pass: {times}; first tile differs by {np.abs(single[0] - together[0]).max():.1e}")


def open_denoiser(model: str, threads: int) -> ort.InferenceSession:
    """The shipped graph names one picture; its operations take any number of them."""
    graph = onnx.load(WEIGHTS / model / "denoiser.fp32.onnx")
    for tensor in graph.graph.input:
        if tensor.name in BATCHED:
            tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    graph.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


def make_feeds(batch: int, side: int) -> dict[str, np.ndarray]:
    """Tiles of different pictures: each with prompts of its own."""
    random = np.random.default_rng(1)
    one = lambda *dims: random.random(dims, dtype=np.float32)  # noqa: E731
    tiles = [(one(3, side, side), one(3, side, side), one(40, 96), one(16, 96)) for _ in range(batch)]
    stacked = [np.stack(column) for column in zip(*tiles, strict=True)]
    return {**dict(zip(BATCHED, stacked, strict=True)), "timestep": np.array([500], dtype=np.float32)}


if __name__ == "__main__":
    main()
