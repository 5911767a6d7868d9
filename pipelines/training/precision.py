"""bfloat16 on CPUs that compute in it: Grappler rewrites the traced training step; weights stay float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REWRITE = "auto_mixed_precision_onednn_bfloat16"
"""The pass of TensorFlow's graph optimiser. Keras' own `mixed_bfloat16` policy gains nothing on CPUs."""
INSTRUCTIONS = {"avx512_bf16", "amx_bf16"}
"""Flags of /proc/cpuinfo, one of which the rewritten operations need to be faster."""


@contextmanager
def of_training(name: str) -> Iterator[None]:
    """While it lasts, functions that are traced compute in `name`: float32 or bfloat16 (where the processor has it; auto: likewise)."""
    if name == "float32" or (name == "auto" and not supported()):
        yield
        return
    if not supported():
        print(
            f"--training.precision bfloat16: this processor has none of {', '.join(sorted(INSTRUCTIONS))}; training in float32"
        )
        yield
        return

    import tensorflow as tf

    before = tf.config.optimizer.get_experimental_options().get(REWRITE, False)
    tf.config.optimizer.set_experimental_options({REWRITE: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({REWRITE: before})


def supported(path: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies bfloat16 numbers; not where that cannot be known."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(INSTRUCTIONS & set(line.split()) for line in lines if line.startswith("flags"))
