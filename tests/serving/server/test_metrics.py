"""The counts of the metrics, and their text as Prometheus reads it."""

import re
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from serving.server import metrics
from serving.server.errors import Code
from serving.server.metrics import Counter, Histogram, Metrics

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{?((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\}? (\S+)')
LABEL = re.compile(r'([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"')
UNESCAPED = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


def parse(text: str) -> tuple[dict[str, str], Series]:
    """A reader of Prometheus' text format, written from its specification: kinds by name, values by name and labels."""
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    series: Series = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.removeprefix("# TYPE ").split(" ")
            assert name not in kinds, "one TYPE line for each metric"
            kinds[name] = kind
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert re.sub(r"_(bucket|sum|count)$", "", match[1]) == list(kinds)[-1] or match[1] == list(kinds)[-1]
        labels = frozenset(
            (name, re.sub(r"\\.", lambda escape: UNESCAPED[escape[0]], value))
            for name, value in LABEL.findall(match[2])
        )
        assert (match[1], labels) not in series, "each series once"
        series[match[1], labels] = float(match[3])
    return kinds, series


def values(counted: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The samples of one name, by the sorted `label=value` texts."""
    _, series = parse(counted.text())
    return {tuple(sorted(f"{k}={v}" for k, v in labels)): value for (n, labels), value in series.items() if n == name}


def test_counter_text() -> None:
    # The cases of TensorFlow Serving's util/prometheus_exporter_test.cc.
    counter = Counter(":test:path:total", "name")
    counter.add(("abc",), 2)
    counter.add(('"abc\\"',), 2)
    assert list(counter.lines()) == [
        ':test:path:total{name="\\"abc\\\\\\""} 2',
        ':test:path:total{name="abc"} 2',
    ]


def test_histogram_text() -> None:
    histogram = Histogram(":test:path:histogram", "status", limits=[1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    histogram.add(("good",), 2, 20)
    histogram.add(("good",), 200)
    assert "\n".join(histogram.lines()) == (
        ':test:path:histogram_bucket{status="good",le="1"} 0\n'
        ':test:path:histogram_bucket{status="good",le="2"} 0\n'
        ':test:path:histogram_bucket{status="good",le="4"} 1\n'
        ':test:path:histogram_bucket{status="good",le="8"} 1\n'
        ':test:path:histogram_bucket{status="good",le="16"} 1\n'
        ':test:path:histogram_bucket{status="good",le="32"} 2\n'
        ':test:path:histogram_bucket{status="good",le="64"} 2\n'
        ':test:path:histogram_bucket{status="good",le="128"} 2\n'
        ':test:path:histogram_bucket{status="good",le="256"} 3\n'
        ':test:path:histogram_bucket{status="good",le="512"} 3\n'
        ':test:path:histogram_bucket{status="good",le="+Inf"} 3\n'
        ':test:path:histogram_sum{status="good"} 222\n'
        ':test:path:histogram_count{status="good"} 3'
    )


def test_names_kinds_and_order() -> None:
    kinds, _ = parse(Metrics(per_signature=True).text())
    process = {"process_cpu_seconds_total", "process_start_time_seconds", "process_resident_memory_bytes"}
    ours = [name for name in kinds if name not in process]
    assert ours == sorted(ours)
    assert {name: kind for name, kind in kinds.items() if name in ours} == {
        ":tensorflow:cc:saved_model:load_attempt_count": "counter",
        ":tensorflow:cc:saved_model:load_latency": "counter",
        ":tensorflow:serving:batching_session:input_batch_size": "histogram",
        ":tensorflow:serving:batching_session:padding_size": "histogram",
        ":tensorflow:serving:batching_session:processed_batch_size": "histogram",
        ":tensorflow:serving:batching_session:queuing_latency": "histogram",
        ":tensorflow:serving:batching_session:wrapped_run_count": "counter",
        ":tensorflow:serving:model_warmup_latency": "histogram",
        ":tensorflow:serving:request_count": "counter",
        ":tensorflow:serving:request_example_count_total": "counter",
        ":tensorflow:serving:request_example_counts": "histogram",
        ":tensorflow:serving:request_latency": "histogram",
        ":tensorflow:serving:runtime_latency": "histogram",
        "serving_request_log_records_total": "counter",
        "serving_signature_runtime_latency": "histogram",
    }
    assert "serving_signature_runtime_latency" not in parse(Metrics().text())[0]


def test_requests() -> None:
    counted = Metrics()
    for code in (Code.OK, Code.OK, Code.NOT_FOUND):
        counted.count_request("digits", code)
    counted.count_request("", Code.INVALID_ARGUMENT)
    text = counted.text()
    assert ':tensorflow:serving:request_count{model_name="digits",status="OK"} 2\n' in text
    assert ':tensorflow:serving:request_count{model_name="digits",status="NOT_FOUND"} 1\n' in text
    assert ':tensorflow:serving:request_count{model_name="",status="INVALID_ARGUMENT"} 1\n' in text


def test_latency_buckets_and_labels() -> None:
    counted = Metrics()
    counted.time_request("digits", "predict", "REST", 20e-6)
    counted.time_request("digits", "predict", "REST", 1e-5)  # equal to the first limit: above it
    counted.time_request("digits", "predict", "REST", 0.7)
    counted.time_run("digits", "Predict", "TF1", 1200)
    text = counted.text()
    start = ':tensorflow:serving:request_latency_bucket{model_name="digits",API="predict",entrypoint="REST",le='
    for limit, below in (("10", 0), ("18", 1), ("32.4", 2), ("58.32", 2), ("393464", 2), ("708235", 3), ("+Inf", 3)):
        assert f'{start}"{limit}"}} {below}\n' in text
    labels = '{model_name="digits",API="predict",entrypoint="REST"}'
    assert f":tensorflow:serving:request_latency_sum{labels} 700030\n" in text
    assert f":tensorflow:serving:request_latency_count{labels} 3\n" in text
    run = '{model_name="digits",API="Predict",runtime="TF1"'
    assert f':tensorflow:serving:runtime_latency_bucket{run},le="1.47476e+09"}} 1\n' in text  # 10 * 1.8^32
    assert f":tensorflow:serving:runtime_latency_sum{run}}} 1200000000\n" in text
    limits = re.findall(r'runtime_latency_bucket\{.*le="(.*)"\}', text)
    assert [float(limit) for limit in limits] == [
        *(float(f"{Decimal(10) * Decimal('1.8') ** k:.5e}") for k in range(33)),
        float("inf"),
    ]


def test_signature_latency_has_its_own_name() -> None:
    counted = Metrics(per_signature=True)
    counted.time_run("digits", "Predict", "TF1", 0.002, signature="serving_default")
    assert values(counted, "serving_signature_runtime_latency_sum") == {
        ("API=Predict", "model_name=digits", "runtime=TF1", "signature_name=serving_default"): 2000
    }
    assert values(counted, ":tensorflow:serving:runtime_latency_sum") == {
        ("API=Predict", "model_name=digits", "runtime=TF1"): 2000
    }


def test_examples_loads_and_warmup() -> None:
    counted = Metrics()
    counted.count_examples("digits", 5)
    counted.count_examples("digits", 20_000)
    assert values(counted, ":tensorflow:serving:request_example_count_total") == {("model=digits",): 20_005}
    buckets = values(counted, ":tensorflow:serving:request_example_counts_bucket")
    assert len(buckets) == 16
    assert buckets["le=4", "model=digits"] == 0
    assert buckets["le=8", "model=digits"] == buckets["le=16384", "model=digits"] == 1
    counted.time_load("/models/digits/1", 1.5, ok=True)
    counted.time_load("/models/digits/1", 0.5, ok=False)
    path = "model_path=/models/digits/1"
    assert values(counted, ":tensorflow:cc:saved_model:load_latency") == {(path,): 2_000_000}
    assert values(counted, ":tensorflow:cc:saved_model:load_attempt_count") == {
        (path, "status=success"): 1,
        (path, "status=fail"): 1,
    }
    counted.time_warmup("/models/digits/1", Code.OK, 0.25)
    assert values(counted, ":tensorflow:serving:model_warmup_latency_sum") == {(path, "status=OK"): 250_000}


def test_batches() -> None:
    counted = Metrics()
    counted.batch("pool", waited=[0.001, 2.0], sizes=[1, 2], rows=3, padded=5)
    counted.batch("pool", waited=[0.0], sizes=[8], rows=8, padded=0)
    prefix = ":tensorflow:serving:batching_session:"
    text = counted.text()
    assert f"{prefix}wrapped_run_count{{}} 2\n" in text
    assert f'{prefix}processed_batch_size_bucket{{le="8"}} 0\n' in text
    assert f'{prefix}processed_batch_size_bucket{{le="16"}} 2\n' in text
    assert f"{prefix}processed_batch_size_sum{{}} 16\n" in text
    assert f"{prefix}input_batch_size_count{{}} 3\n" in text
    assert f"{prefix}input_batch_size_sum{{}} 11\n" in text
    assert f'{prefix}padding_size_sum{{execution_batch_size="8"}} 5\n' in text
    assert f'{prefix}queuing_latency_bucket{{thread_pool_name="pool",le="100"}} 1\n' in text
    assert f'{prefix}queuing_latency_sum{{thread_pool_name="pool"}} 2001000\n' in text
    assert len(values(counted, prefix + "queuing_latency_bucket")) == 53
    assert len(values(counted, prefix + "padding_size_bucket")) == 15


@pytest.mark.parametrize("name", ['a"b', "back\\slash", 'line\nbreak{} 1"', "日本語", "", '\\"', "\\n"])
def test_any_model_name_comes_back(name: str) -> None:
    counted = Metrics()
    counted.count_request(name, Code.OK)
    assert values(counted, ":tensorflow:serving:request_count") == {
        tuple(sorted((f"model_name={name}", "status=OK"))): 1
    }


def test_invented_model_names_do_not_fill_the_memory() -> None:
    counted = Metrics()
    counted.count_request("digits", Code.OK)
    for number in range(2 * metrics.MOST_SERIES):
        counted.count_request(f"invented{number}", Code.NOT_FOUND)
    counted.count_request("digits", Code.OK)
    counted.time_request("x" * 100_000, "", "REST", 0.001)
    found = values(counted, ":tensorflow:serving:request_count")
    assert len(found) == metrics.MOST_SERIES + 1
    assert found["model_name=digits", "status=OK"] == 2
    assert found["model_name=other", "status=NOT_FOUND"] == metrics.MOST_SERIES + 1
    assert sum(found.values()) == 2 * metrics.MOST_SERIES + 2
    assert len(counted.text()) < 200_000


def test_many_threads_lose_nothing() -> None:
    counted = Metrics()
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for turn in range(500):
            counted.count_request(f"model{number % 2}", Code.OK)
            counted.time_request("model", "predict", "REST", 0.001)
            if number == 0 and turn % 100 == 0:
                parse(counted.text())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(values(counted, ":tensorflow:serving:request_count").values()) == {2000}
    assert set(values(counted, ":tensorflow:serving:request_latency_sum").values()) == {4_000_000}


def test_process() -> None:
    _, series = parse(Metrics().text())
    assert 1.7e9 < series["process_start_time_seconds", frozenset()] < 1e10
    assert series["process_cpu_seconds_total", frozenset()] > 0
    if Path("/proc/self/statm").exists():
        assert 10 * 2**20 < series["process_resident_memory_bytes", frozenset()] < 2**37


def test_text_is_stable() -> None:
    first, second = Metrics(), Metrics()
    for counted, names in ((first, "abc"), (second, "cba")):
        for name in names:
            counted.count_request(name, Code.OK)
            counted.time_run(name, "Predict", "TF1", 0.001)
    assert [line for line in first.text().splitlines() if not line.startswith("process_")] == [
        line for line in second.text().splitlines() if not line.startswith("process_")
    ]
