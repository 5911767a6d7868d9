"""serving.server.batching.model: a model whose calls run together with others."""

import threading

import numpy as np
import pytest

from serving.server.batching.model import BatchedModel
from serving.server.batching.parameters import BatchingParameters
from serving.server.batching.scheduler import BatchScheduler
from serving.server.errors import ServingError
from serving.server.metrics import Metrics
from tests.serving.server.gated_model import HOUR, Answers, GatedModel, values


def x(*values: float) -> dict[str, np.ndarray]:
    return {"x": np.array(values, np.float32)}


def test_batching_scheduler_close_ends_the_threads() -> None:
    before = set(threading.enumerate())
    scheduler = BatchScheduler(BatchingParameters(num_batch_threads=3, batch_timeout_micros=HOUR, thread_pool_name="p"))
    threads = set(threading.enumerate()) - before
    assert sorted(thread.name for thread in threads) == ["p_0", "p_1", "p_2"]
    batched = BatchedModel(GatedModel(), scheduler)
    answers = Answers()
    batched.submit("s", x(2), answers.done(0))
    scheduler.close()
    assert values(answers.wait(1)[0]) == [3.0]
    assert not any(thread.is_alive() for thread in threads)
    with pytest.raises(ServingError, match="UNAVAILABLE"):
        batched.run("s", x(1))
    batched.close()


def test_batching_counts_in_the_metrics() -> None:
    metrics = Metrics()
    scheduler = BatchScheduler(
        BatchingParameters(
            num_batch_threads=1,
            thread_pool_name="pool",
            max_batch_size=4,
            allowed_batch_sizes=(4,),
            batch_timeout_micros=HOUR,
        ),
        metrics=metrics,
    )
    batched = BatchedModel(GatedModel(), scheduler)
    answers = Answers()
    batched.submit("s", x(1), answers.done(0))
    batched.submit("s", x(1, 2), answers.done(1))
    batched.close()
    scheduler.close()
    text = metrics.text()
    family = ":tensorflow:serving:batching_session:"
    assert f'{family}queuing_latency_count{{thread_pool_name="pool"}} 2' in text
    assert f"{family}input_batch_size_sum{{}} 3" in text
    assert f"{family}processed_batch_size_sum{{}} 4" in text
    assert f'{family}padding_size_sum{{execution_batch_size="4"}} 1' in text
