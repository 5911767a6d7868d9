"""Time and size of every exported form of one model, measured on this machine.

    python -m serving.benchmark runs/photos

Takes a run folder, its export/ or export/1; the .tflite files are looked for in mobile/ beside export/. Latency is the
time of one call, input already in memory. Of pictures: the SavedModel from image bytes (decoding included) and from decoded images
at batch 1 and 32; of texts and words: each signature with the bundle's own warm-up request, one row of it and 32; on all cores.
Each .tflite at batch 1 on one and two threads.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from serving import bundle, native_log, saved_model
from serving.bundle import warmup_requests
from serving.litert import runtime
from serving.tasks import TASKS

WARM_UP_CALLS = 5
LONGEST_SECONDS = 10.0
"""A row that takes longer stops early, but not before FEWEST_CALLS."""
FEWEST_CALLS = 10
BATCH = 32
"""Rows of the larger batch."""

Request = tuple[str, Mapping[str, np.ndarray]]
"""Signature and inputs."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    form: str
    batch: int
    threads: str
    bytes: int
    """Size on disk."""
    median_ms: float
    """Milliseconds per call, like the next two."""
    p90_ms: float
    min_ms: float
    calls: int
    """Number of timed calls, after a warm-up."""


def mobile_folder(folder: Path) -> Path | None:
    """The mobile/ folder beside the export/ folder that holds the bundle `folder`; None when there is none."""
    mobile = folder.resolve().parent.parent / "mobile"
    return mobile if mobile.is_dir() else None


def measure(path: Path, *, calls: int = 200) -> Iterator[Row]:
    """Every exported form of a run, one after the other, at most `calls` timed calls each.

    path: a run folder, its export/ or export/<version>.
    Raises ValueError when there is no bundle, or one that takes no images and has no warm-up requests.
    """
    folder = bundle.find(path)
    description = bundle.read_description(folder)
    task = TASKS.get(description.get("task", ""))
    if task is not None and task.asked_with == "pictures":
        shape = (BATCH, int(description["input"]["height"]), int(description["input"]["width"]), 3)
        images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        requests, example = picture_requests(folder, images), images[0]
    else:
        requests, example = text_requests(folder), np.int32(0)
    yield from _saved_model_rows(folder, requests, calls=calls)
    mobile = mobile_folder(folder)
    for file in sorted(mobile.glob("*.tflite")) if mobile else []:
        yield from _litert_rows(file, description["task"], example, calls=calls)


def timed(call: Callable[[], Any], *, calls: int) -> dict[str, float]:
    """Median, 90th percentile and minimum of the milliseconds of `calls` calls, after a warm-up."""
    for _ in range(WARM_UP_CALLS):
        call()
    milliseconds = runtime.timed(
        lambda _: call(), range(calls), longest_seconds=LONGEST_SECONDS, fewest=min(FEWEST_CALLS, calls)
    )
    median, p90 = np.percentile(milliseconds, [50, 90])
    return {"median_ms": float(median), "p90_ms": float(p90), "min_ms": min(milliseconds), "calls": len(milliseconds)}


def environment() -> dict[str, Any]:
    """Machine, versions and date, without which a latency says nothing."""
    processors = Path("/proc/cpuinfo")
    lines = processors.read_text(encoding="utf-8").splitlines() if processors.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "machine": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {
            found.name: found.version
            for found in metadata.distributions()
            if found.name in ("tensorflow", "ai-edge-litert", "numpy")
        },
        "date": datetime.now(UTC).date().isoformat(),
    }


def table(rows: Sequence[Row]) -> str:
    """The rows as a text table."""
    head = f"{'form':<30} {'batch':>5} {'threads':>7} {'median ms':>10} {'p90 ms':>8} {'min ms':>8} {'calls':>6} {'size kB':>9}"
    lines = (
        f"{row.form:<30} {row.batch:>5} {row.threads:>7} {row.median_ms:>10.3f} {row.p90_ms:>8.3f} {row.min_ms:>8.3f} "
        f"{row.calls:>6} {row.bytes / 1000:>9,.1f}"
        for row in rows
    )
    return "\n".join([head, *lines])


def picture_requests(folder: Path, images: np.ndarray) -> list[Request]:
    """One encoded image, one decoded image, and all decoded images."""
    content = np.array([image_bytes(folder, images[0])], object)
    decoded = images.astype(np.float32)
    return [
        ("serving_default", {"image_bytes": content}),
        ("tensor", {"images": decoded[:1]}),
        ("tensor", {"images": decoded}),
    ]


def text_requests(folder: Path) -> list[Request]:
    """The first warm-up request of each signature, as one row and as 32 (the same rows again and again)."""
    found = dict(reversed(warmup_requests.read(folder)))
    if not found:
        raise ValueError(
            f"{folder} takes no images and has no warm-up requests to be measured with; export it again with this version"
        )
    rows = [np.zeros(1, np.int64), np.arange(BATCH)]
    return [
        (signature, {name: value[index % len(value)] for name, value in found[signature].items()})
        for signature in sorted(found)
        for index in rows
    ]


def _saved_model_rows(folder: Path, requests: Sequence[Request], *, calls: int) -> Iterator[Row]:
    """The SavedModel in a version 1 session, as the server runs it."""
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    with saved_model.load(folder) as model:
        for signature, arrays in requests:
            times: Any = timed(partial(model.run, signature, arrays), calls=calls)
            batch = len(next(iter(arrays.values())))
            yield Row(form=f"SavedModel {signature}", batch=batch, threads="all", bytes=size, **times)


def _litert_rows(file: Path, task: str, example: Any, *, calls: int) -> Iterator[Row]:
    """One .tflite file on one and on two threads; `example`: an image, or the id of a word."""
    for threads in (1, 2):
        times: Any = timed(partial(_litert_call(file, task, threads=threads), example), calls=calls)
        yield Row(form=file.name, batch=1, threads=str(threads), bytes=file.stat().st_size, **times)


def _litert_call(file: Path, task: str, *, threads: int) -> Callable[[Any], Any]:
    """The function that asks a .tflite file."""
    try:
        from serving.litert import classifier, words
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{file.name} needs the package {error.name}; install this project with its train extra"
        ) from error
    interpreters: dict[str, Callable[[], Callable[[Any], Any]]] = {
        "classify": lambda: classifier.Interpreter(file, threads=threads).run,
        "word2vec": lambda: words.Interpreter(file, threads=threads).search,
    }
    return interpreters[task]()


def image_bytes(folder: Path, image: np.ndarray) -> bytes:
    """An encoded image: the bundle's own warm-up request, or `image`, uint8 (h, w, 3), as a PNG."""
    for _, inputs in warmup_requests.read(folder):
        if "image_bytes" in inputs:
            return bytes(inputs["image_bytes"][0])
    import cv2

    return bytes(cv2.imencode(".png", image)[1])


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m serving.benchmark", description=__doc__.partition("\n")[0])
    parser.add_argument("bundle", type=Path, help="run folder, its export/ or export/<version>")
    parser.add_argument("--calls", type=int, default=200, help="timed calls per row, at most (default 200)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write machine, versions and rows there too")
    options = parser.parse_args(arguments)
    if options.calls < 1:
        parser.error(f"--calls is {options.calls}; expected 1 or more")
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"--json {options.json}: the folder {options.json.parent} does not exist; make it first")
    native_log.load_tensorflow()
    try:
        mobile = mobile_folder(bundle.find(options.bundle))
        about, rows = environment(), list(measure(options.bundle, calls=options.calls))
    except ValueError as error:
        parser.error(str(error))
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    print(f"{about['machine']}, {about['cores']} cores; Python {about['python']}, {versions}; {about['date']}")
    print(table(rows))
    if mobile is None:
        print("There is no mobile/ folder beside export/, so no .tflite file was measured.")
    if options.json:
        options.json.write_text(
            json.dumps(about | {"rows": list(map(asdict, rows))}, indent=2) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
