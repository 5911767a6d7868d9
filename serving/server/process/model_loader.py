"""Load a version: session, warm-up, batching."""

import time
from collections.abc import Callable
from pathlib import Path

from serving import saved_model
from serving.saved_model import LoadedModel
from serving.server import errors
from serving.server.batching import parameters as batching_parameters
from serving.server.batching.model import BatchedModel
from serving.server.batching.scheduler import BatchScheduler
from serving.server.calls.rules import Rules
from serving.server.errors import Code
from serving.server.metrics import Metrics
from serving.server.models.config import ModelConfig
from serving.server.process import warmup_replay
from serving.server.process.flags import Flags
from serving.server.process.settings import Settings


def loader(
    settings: Settings, *, scheduler: BatchScheduler | None, metrics: Metrics | None
) -> Callable[[ModelConfig, Path], LoadedModel | BatchedModel]:
    """Make the function with which the repository loads a version; only calling it loads TensorFlow."""
    flags = settings.flags
    own_parameters = flags.enable_per_model_batching_parameters

    def load(_config: ModelConfig, folder: Path) -> LoadedModel | BatchedModel:
        start, ok = time.perf_counter(), False
        try:
            model = _session(settings, folder)
            ok = True
        finally:
            if metrics is not None:
                metrics.time_load(str(folder), time.perf_counter() - start, ok=ok)
        try:
            if flags.enable_model_warmup and warmup_replay.is_there(folder):
                _warm_up(model, folder, flags, metrics)
            if scheduler is None:
                return model
            if not own_parameters:
                return BatchedModel(model, scheduler)
            parameters = batching_parameters.read_for_version(folder)
            return model if parameters is None else BatchedModel(model, scheduler, parameters)
        except BaseException:
            model.close()
            raise

    return load


def _session(settings: Settings, folder: Path) -> LoadedModel:
    """Load the SavedModel into a session that is set up as the flags say."""
    flags = settings.flags
    intra, inter = flags.tensorflow_intra_op_parallelism, flags.tensorflow_inter_op_parallelism
    if not intra and not inter:
        intra = inter = flags.tensorflow_session_parallelism
    return saved_model.load(
        folder,
        intra_op_threads=intra,
        inter_op_threads=inter,
        tags=flags.saved_model_tags.split(","),
        usual_timeout_ms=flags.rest_api_timeout_in_ms,
        session_config=settings.session_config,
    )


def _warm_up(model: LoadedModel, folder: Path, flags: Flags, metrics: Metrics | None) -> None:
    """Replay the warm-up requests and measure how long that takes."""
    start, code = time.perf_counter(), Code.OK
    try:
        warmup_replay.replay(
            model,
            folder,
            iterations=max(1, flags.num_request_iterations_for_warmup),
            rules=Rules.of(flags),
        )
    except Exception as error:
        code = errors.from_exception(error).code
        raise
    finally:
        if metrics is not None:
            metrics.time_warmup(str(folder), code, time.perf_counter() - start)
