"""Counters and latencies under TensorFlow Serving's own names, and their text for Prometheus.

Names, labels, kinds and buckets are those of tensorflow_serving/servables/tensorflow/util.cc,
servables/tensorflow/saved_model_warmup_util.cc, batching/batching_util.h, batching/batching_session.cc and of
tensorflow/cc/saved_model/loader.cc; the text is that of util/prometheus_exporter.cc. Two things differ on purpose: sums
keep all their digits (TensorFlow Serving prints six, which hides growth), and line breaks in labels are escaped.
"""

import bisect
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from serving.server.errors import Code

MOST_SERIES = 1000
"""Limit of label sets per metric; model names come from clients, who could fill the memory without a limit."""
LONGEST_LABEL = 1000
OTHER = "other"
"""Stands for the first label of all label sets above MOST_SERIES, and for labels longer than LONGEST_LABEL."""

STARTED = time.time()
Labels = tuple[str, ...]


class Counter:
    """A number that only grows, for each set of label values."""

    kind = "counter"

    def __init__(self, name: str, *label_names: str) -> None:
        self.name = name
        self._label_names = label_names
        self._values: dict[Labels, int] = {}
        self._lock = threading.Lock()

    def add(self, labels: Labels, amount: int = 1) -> None:
        """Count `amount` more."""
        with self._lock:
            if labels not in self._values:
                labels = _limit(labels, self._values)
            self._values[labels] = self._values.get(labels, 0) + amount

    def lines(self) -> Iterator[str]:
        """Write the samples in the order of their labels."""
        with self._lock:
            values = sorted(self._values.items())
        for labels, value in values:
            yield f"{self.name}{{{_pairs(self._label_names, labels)}}} {value}"


class Histogram:
    """Counts of the values below each limit, for each set of label values.

    A value that equals a limit counts above it, as in TensorFlow's monitoring::Sampler.
    """

    kind = "histogram"

    def __init__(self, name: str, *label_names: str, limits: Sequence[float]) -> None:
        self.name = name
        self._label_names = label_names
        self._limits = list(limits)
        self._limit_texts = [f"{limit:g}" for limit in limits] + ["+Inf"]
        self._counts: dict[Labels, list[int]] = {}
        """For each label set the counts between the limits, and at the end the sum of the values."""
        self._lock = threading.Lock()

    def add(self, labels: Labels, *values: int) -> None:
        """Count some values."""
        with self._lock:
            counts = self._counts.get(labels)
            if counts is None:
                labels = _limit(labels, self._counts)
                counts = self._counts.setdefault(labels, [0] * (len(self._limits) + 2))
            for value in values:
                counts[bisect.bisect_right(self._limits, value)] += 1
                counts[-1] += value

    def lines(self) -> Iterator[str]:
        """Write the cumulative buckets, sum and count of each label set, in the order of the labels."""
        with self._lock:
            copied = sorted((labels, list(counts)) for labels, counts in self._counts.items())
        for labels, (*counts, total) in copied:
            pairs = _pairs(self._label_names, labels)
            below = 0
            for limit, count in zip(self._limit_texts, counts, strict=True):
                below += count
                yield f'{self.name}_bucket{{{pairs}{"," if pairs else ""}le="{limit}"}} {below}'
            yield f"{self.name}_sum{{{pairs}}} {total}"
            yield f"{self.name}_count{{{pairs}}} {below}"


class Metrics:
    """All metrics of one process; safe and cheap to update from any thread. Times are given in seconds.

    Each call counts the same as in TensorFlow Serving:

    | call | counts |
    |---|---|
    | count_request | predict, classify and regress over both APIs, with any status; over REST also requests that were refused before the call |
    | time_request | those of them that were OK. api: REST "predict", "classify", "regress"; gRPC "Predict", "Classify", "Regress". entrypoint: "REST", "GRPC" |
    | time_run | each run of the model that was OK, as one request sees it (in a batch: with the waiting). api: "Predict", "Classify", "Regress" over REST too. runtime: "TF1" |
    | count_examples | the tf.Examples of each Classify, Regress and MultiInference that was OK |
    | time_warmup | each replay of warm-up requests, not when there is no file. path: the version's folder |
    | time_load | each attempt to load a SavedModel. path: the version's folder |
    | batch | each batch that was run |
    | count_logged | the requests of the request log |
    """  # noqa: E501

    def __init__(self, *, per_signature: bool = False) -> None:
        latency, rows = _exponential(10, 1.8, 33), _exponential(1, 2, 14)
        ours, batching = ":tensorflow:serving:", ":tensorflow:serving:batching_session:"
        self._requests = Counter(ours + "request_count", "model_name", "status")
        self._request_time = Histogram(ours + "request_latency", "model_name", "API", "entrypoint", limits=latency)
        self._run_time = Histogram(ours + "runtime_latency", "model_name", "API", "runtime", limits=latency)
        self._examples = Histogram(ours + "request_example_counts", "model", limits=_exponential(1, 2, 15))
        self._examples_total = Counter(ours + "request_example_count_total", "model")
        self._warmup_time = Histogram(ours + "model_warmup_latency", "model_path", "status", limits=latency)
        self._loads = Counter(":tensorflow:cc:saved_model:load_attempt_count", "model_path", "status")
        self._load_time = Counter(":tensorflow:cc:saved_model:load_latency", "model_path")
        self._waited = Histogram(batching + "queuing_latency", "thread_pool_name", limits=_exponential(100, 1.2, 52))
        self._padding = Histogram(batching + "padding_size", "execution_batch_size", limits=rows)
        self._input_rows = Histogram(batching + "input_batch_size", limits=rows)
        self._batch_rows = Histogram(batching + "processed_batch_size", limits=rows)
        self._batches = Counter(batching + "wrapped_run_count")
        self._logged = Counter("serving_request_log_records_total", "outcome")
        self._signature_time: Histogram | None = None
        if per_signature:
            names = ("model_name", "signature_name", "API", "runtime")
            self._signature_time = Histogram("serving_signature_runtime_latency", *names, limits=latency)

    def count_request(self, model: str, code: Code) -> None:
        """Count one request and how it ended."""
        self._requests.add((model, code.name))

    def time_request(self, model: str, api: str, entrypoint: str, seconds: float) -> None:
        """Record how long an OK request took, until its answer."""
        self._request_time.add((model, api, entrypoint), _microseconds(seconds))

    def time_run(self, model: str, api: str, runtime: str, seconds: float, signature: str = "") -> None:
        """Record how long the model ran for a request; per signature too, if that is enabled."""
        duration = _microseconds(seconds)
        self._run_time.add((model, api, runtime), duration)
        if self._signature_time is not None:
            self._signature_time.add((model, signature, api, runtime), duration)

    def count_examples(self, model: str, count: int) -> None:
        """Count the tf.Examples of one request."""
        self._examples.add((model,), count)
        self._examples_total.add((model,), count)

    def time_warmup(self, path: str, code: Code, seconds: float) -> None:
        """Record how long the warm-up requests of a version took, and how they ended."""
        self._warmup_time.add((path, code.name), _microseconds(seconds))

    def time_load(self, path: str, seconds: float, *, ok: bool) -> None:
        """Record how long it took to load a version, or to fail."""
        self._loads.add((path, "success" if ok else "fail"))
        self._load_time.add((path,), _microseconds(seconds))

    def batch(self, pool: str, *, waited: Sequence[float], sizes: Sequence[int], rows: int, padded: int) -> None:
        """Count one batch: seconds in the queue and rows of each request, `rows` in all, and `padded` added rows."""
        self._waited.add((pool,), *map(_microseconds, waited))
        self._input_rows.add((), *sizes)
        self._batch_rows.add((), rows + padded)
        self._padding.add((str(rows + padded),), padded)
        self._batches.add(())

    def count_logged(self, outcome: str, count: int = 1) -> None:
        """Count requests of the request log: "written", "dropped" (it could not keep up) or "failed"."""
        self._logged.add((outcome,), count)

    def text(self) -> str:
        """Write everything in Prometheus' text format, in the order of the names."""
        families = [family for family in vars(self).values() if isinstance(family, Counter | Histogram)]
        lines = []
        for family in sorted(families, key=lambda family: family.name):
            lines.append(f"# TYPE {family.name} {family.kind}")
            lines.extend(family.lines())
        return "\n".join([*_process(), *lines]) + "\n"


def _process() -> Iterator[str]:
    """Write the metrics of the process that any Prometheus exporter has; the memory only where there is /proc."""
    yield "# TYPE process_cpu_seconds_total counter"
    yield f"process_cpu_seconds_total {time.process_time():.2f}"
    yield "# TYPE process_start_time_seconds gauge"
    yield f"process_start_time_seconds {STARTED:.2f}"
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return
    yield "# TYPE process_resident_memory_bytes gauge"
    yield f"process_resident_memory_bytes {pages * os.sysconf('SC_PAGE_SIZE')}"


def _exponential(first: float, growth: float, count: int) -> list[float]:
    """Compute the limits of monitoring::Buckets::Exponential, one from the other as it does."""
    limits = [first]
    while len(limits) < count:
        limits.append(limits[-1] * growth)
    return limits


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)


def _limit(labels: Labels, known: Mapping[Labels, object]) -> Labels:
    """Choose the labels under which a new label set is counted."""
    if labels and (len(known) >= MOST_SERIES or len(labels[0]) > LONGEST_LABEL):
        return (OTHER, *labels[1:])
    return labels


def _pairs(names: Iterable[str], values: Iterable[str]) -> str:
    """Write `name="value"` pairs, separated by commas."""
    return ",".join(f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True))


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
