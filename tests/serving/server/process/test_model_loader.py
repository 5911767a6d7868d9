"""A version loaded as the flags say."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from serving.bundle.warmup_requests import FILE
from serving.saved_model import LoadedModel
from serving.server.batching.model import BatchedModel
from serving.server.batching.scheduler import BatchScheduler
from serving.server.errors import Code, ServingError
from serving.server.metrics import Metrics
from serving.server.models.config import ModelConfig
from serving.server.process import flags, model_loader, settings


def load(folder: Path, *told: str, metrics: Metrics | None = None) -> LoadedModel:
    chosen = settings.read(flags.parse([f"--model_base_path={folder.parent}", *told]))
    loader = model_loader.loader(chosen, scheduler=None, metrics=metrics)
    loaded = loader(ModelConfig(name="m", base_path=folder.parent), folder)
    assert isinstance(loaded, LoadedModel)
    return loaded


@pytest.fixture
def broken_warmup(half_plus_two: Path, tmp_path: Path) -> Path:
    """A version whose warm-up file holds a record that is no PredictionLog."""
    folder = tmp_path / "1"
    shutil.copytree(half_plus_two / "00000123", folder)
    (folder / FILE).parent.mkdir()
    with tf.io.TFRecordWriter(str(folder / FILE)) as writer:
        writer.write(b"\xff")
    return folder


def test_load_passes_the_flags_on(echo: Path) -> None:
    told = ["--rest_api_timeout_in_ms=50", "--tensorflow_session_parallelism=1"]
    with load(echo / "1", *told) as model:
        assert model.usual_timeout_ms == 50
        with pytest.raises(tf.errors.DeadlineExceededError, match="Timed out"):
            model.run(
                "slow", {"default": np.ones(1, np.float32)}, timeout_ms=model.timeout_until(time.monotonic() + 0.05)
            )


def test_failing_warmup_fails_the_load_and_is_counted(broken_warmup: Path) -> None:
    metrics = Metrics()
    with pytest.raises(ServingError, match="Failed to parse warmup record"):
        load(broken_warmup, metrics=metrics)
    assert f'model_path="{broken_warmup}",status="{Code.INVALID_ARGUMENT.name}"' in metrics.text()
    load(broken_warmup, "--enable_model_warmup=false").close()


def test_batched_models_read_their_own_parameters(half_plus_two: Path, tmp_path: Path) -> None:
    folder = tmp_path / "1"
    shutil.copytree(half_plus_two / "00000123", folder)
    (folder / "batching_params.pbtxt").write_text("max_batch_size { value: 2 }")
    told = [f"--model_base_path={tmp_path}", "--enable_batching", "--enable_per_model_batching_parameters"]
    chosen = settings.read(flags.parse(told))
    assert chosen.batching is not None
    scheduler = BatchScheduler(chosen.batching)
    loader = model_loader.loader(chosen, scheduler=scheduler, metrics=None)
    model = loader(ModelConfig(name="m", base_path=tmp_path), folder)
    assert isinstance(model, BatchedModel)
    assert model.run("serving_default", {"x": np.array([1, 2], np.float32)})["y"].tolist() == [2.5, 3.0]
    with pytest.raises(ServingError, match="Task size 3 is larger than maximum input batch size 2"):
        model.run("serving_default", {"x": np.array([1, 2, 3], np.float32)})
    model.close()
    scheduler.close()


def test_session_config_file_is_read(half_plus_two: Path, tmp_path: Path) -> None:
    (tmp_path / "session.txt").write_text("allow_soft_placement: true")
    load(half_plus_two / "00000123", f"--tensorflow_session_config_file={tmp_path}/session.txt").close()
