"""docs/text.md: its blocks of sh and Python run as one script; its flags and links are there."""

import dataclasses
import os
import re
import subprocess
from pathlib import Path

from gensim.test.utils import datapath

from pipelines.ngram import config
from pipelines.word2vec import config as word2vec_config
from tests import warm

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "text.md").read_text(encoding="utf-8")


def _script() -> str:
    blocks = re.findall(r"```(sh|python)\n(.*?)```", TEXT, re.DOTALL)
    assert {language for language, _ in blocks} == {"sh", "python"}
    joined = "\n".join(
        block if language == "sh" else f".venv/bin/python - <<'END_OF_PYTHON'\n{block}END_OF_PYTHON\n"
        for language, block in blocks
    )
    return "set -eu\n" + joined.replace(".venv/bin/python", warm.python())


def test_its_blocks_run(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_bytes(Path(datapath("lee_background.cor")).read_bytes())
    process = subprocess.run(
        ["bash", "-c", _script()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "perplexity" in process.stdout
    assert (tmp_path / "runs" / "vectors" / "mobile" / "parity.json").exists()


def test_its_flags_and_links_exist() -> None:
    known = {
        field.name.replace("_", "-")
        for pipeline in (config.Config, word2vec_config.Config)
        for field in dataclasses.fields(pipeline)
    }
    named = set(re.findall(r"`--([a-z-]+)", TEXT)) - {"skip", "discount", "interpolate"}  # of lmplz
    assert len(named) > 15
    assert {flag.removeprefix("no-") for flag in named} <= known | {"interpolate-unigrams", "analogy", "training"}
    for link in re.findall(r"\]\(([a-z-]+\.md)\)", TEXT):
        assert (ROOT / "docs" / link).exists()
