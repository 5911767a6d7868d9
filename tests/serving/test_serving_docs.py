"""docs/serving.md: its blocks of sh and Python run as one script; its flags, links and files are there."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import pytest

from serving.bundle import warmup_requests
from serving.server.batching import parameters
from serving.server.process import flags
from tests import warm
from tests.serving import colours, text_models
from tests.serving.live import free_port

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


def _script() -> str:
    """Every block in order; Python stands between the shell lines as it would on a command line."""
    blocks = re.findall(r"```(sh|python)\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) > 10
    assert {language for language, _ in blocks} == {"sh", "python"}
    joined = "\n".join(
        block if language == "sh" else f".venv/bin/python - <<'END_OF_PYTHON'\n{block}END_OF_PYTHON\n"
        for language, block in blocks
    )
    ports = {"8501": str(free_port()), "8500": str(free_port())}
    return re.sub("850[01]", lambda found: ports[found[0]], joined.replace(".venv/bin/python", warm.python()))


@pytest.fixture(scope="module")
def workplace(explaining: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs/photos, runs/ngram and runs/word2vec."""
    folder = tmp_path_factory.mktemp("docs")
    exported = shutil.copytree(explaining, folder / "runs" / "photos") / "export" / "1"
    # One request is enough to see a warm-up; four versions of this bundle are loaded.
    warmup_requests.write(exported, warmup_requests.read(exported)[:1])
    (folder / "runs" / "photos" / "samples").mkdir()
    for number, pixels in enumerate(colours.images(3)[0]):
        cv2.imwrite(str(folder / "runs" / "photos" / "samples" / f"{number}.png"), pixels)
    words, table = text_models.vectors(20)
    words[:4] = ["king", "queen", "man", "woman"]
    text_models.write_word2vec(folder / "runs" / "word2vec" / "export" / "1", words, table)
    text_models.write_ngram(folder / "runs" / "ngram" / "export" / "1")
    return folder


def test_the_blocks_run(workplace: Path) -> None:
    assert shutil.which("curl"), "curl is needed to run the blocks"
    script = f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{_script()}"
    told = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=workplace,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
    for words in (
        '"predictions"',
        '"results"',
        "400 ",  # the client's picture that is none
        "runs/photos/samples/0.png: ",
        '"models"',
        '"version": "1"',
        "\n0 \n",  # HandleReloadConfigRequest: OK
        "The king rode to: perplexity 4, log probability -6.931; next sat 0.500",
        "'in_vocabulary': [True, False]",
        "king: ",
    ):
        assert words in told.stdout.replace('":"', '": "'), f"{words!r} is missing in\n{told.stdout}\n{told.stderr}"
    assert len(list((workplace / "answered").glob("*.png"))) == len(list((workplace / "why").glob("*.png"))) == 3
    near = [json.loads(line)["input"] for line in (workplace / "near.jsonl").read_text(encoding="utf-8").splitlines()]
    assert near == [["man", "king", "woman"], "king"]
    assert ":tensorflow:serving:request_count" in (workplace / "metrics.txt").read_text(encoding="utf-8")
    assert "<html" in (workplace / "page.html").read_text(encoding="utf-8")
    assert "Traceback" not in told.stderr


def test_every_flag_stands_in_the_docs() -> None:
    section = TEXT[TEXT.index("\n## Flags\n") : TEXT.index("\n## Errors\n")]
    named = re.findall(r"`--([a-z0-9_]+)`", section)
    assert set(named) == set(flags.FIELDS)
    ours = section[section.index("| of this server | |") :]
    starred = {name for name, field in flags.FIELDS.items() if field.metadata["help"].startswith("*")}
    assert set(re.findall(r"`--([a-z0-9_]+)`", ours)) == starred
    assert set(re.findall(r"`([a-z0-9_]+)`", section)) == set(flags.REFUSED)
    assert set(re.findall(r"--([a-z0-9_]{4,})", TEXT)) - set(flags.FIELDS) <= {
        *("silent", "fail", "retry", "data", "output", "draw", "explain", "model", "label", "token", "analogy", "json"),
    }


def test_batching_parameters_stand_with_their_defaults() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \((.+?)\) \|", TEXT, re.MULTILINE))
    defaults = parameters.BatchingParameters()
    for name in ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches"):
        assert rows.pop(name) == str(getattr(defaults, name))
    assert rows.pop("pad_variable_length_inputs") == str(defaults.pad_variable_length_inputs).lower()
    assert rows == {"num_batch_threads": "cores", "allowed_batch_sizes": "any"}


def test_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in re.findall(r"^## (.+)", TEXT, re.MULTILINE)
    }
    links = re.findall(r"\]\((?!http)([^)]+)\)", TEXT)
    assert len(links) > 15
    for link in links:
        if link.startswith("#"):
            assert link[1:] in headings, link
        else:
            assert (ROOT / "docs" / link).exists(), link
    for path in re.findall(r"`(deploy/[a-z.]+)`", TEXT):
        assert (ROOT / path).exists(), path
