"""environment.json: versions, machine and seed, on which a result depends beside the configuration."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "ai-edge-litert", "scikit-learn", "gensim")


def environment(*, seed: int, fingerprint: str) -> dict[str, Any]:
    """What the result depends on beside the configuration."""
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "machine": {"system": platform.platform(), "processor": processor(), "cores": os.cpu_count()},
        "seed": seed,
        "data_fingerprint": fingerprint,
    }


def version(package: str) -> str:
    """Installed version of a package, or `absent`."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def processor() -> str:
    """The processor's model name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
