"""Every shell block of the README runs, in order, with PIPELINES_TINY=1; those of `make` are excepted by name."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests import warm

ROOT = Path(__file__).parents[1]
EXCEPTED = ("make demo", "make test")
"""Blocks that begin with these set up the environment; .ci/run runs them."""


def _blocks() -> list[str]:
    found = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) > 3
    return [block for block in found if not block.startswith(EXCEPTED)]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `photos/cats` and `photos/dogs`, dark and bright pictures, some of both in `unlabelled`, and news in `corpus.txt`."""
    import cv2
    from gensim.test.utils import datapath

    folder = tmp_path_factory.mktemp("readme")
    rng = np.random.default_rng(0)
    for name, brightness in (("cats", 60), ("dogs", 190)):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(12):
            picture = rng.normal(brightness, 20, (40, 50, 3)).clip(0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / "photos" / name / f"{number}.jpg"), picture)
        (folder / "unlabelled").mkdir(exist_ok=True)
        cv2.imwrite(str(folder / "unlabelled" / f"{name}.jpg"), picture)
    shutil.copyfile(datapath("lee_background.cor"), folder / "corpus.txt")
    return folder


@pytest.mark.parametrize("number", range(len(_blocks())))
def test_every_block_runs(workplace: Path, number: int) -> None:
    """One after the other: the later blocks use what the earlier ones made."""
    assert shutil.which("curl"), "curl is needed to run the README"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    block = _blocks()[number].replace(".venv/bin/python", warm.python()).replace("8501", port)
    block = block.replace("-m serving --", "-m serving --port=0 --")  # the default may be taken
    environment = {**os.environ, "PIPELINES_TINY": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=workplace,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    if ":predict" in block:
        assert '"predictions"' in done.stdout


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(links) > 5
    for link in links:
        assert (ROOT / link).exists(), link
