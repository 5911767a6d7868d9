"""The monitoring configuration file."""

from pathlib import Path

import pytest

from serving.server.errors import Code, ServingError
from serving.server.process import monitoring


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('prometheus_config { enable: true path: "/metrics" }', "/metrics"),
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ('prometheus_config { path: "/metrics" }', ""),
        ("prometheus_config: {\n  enable: false,\n}\n", ""),
        ("", ""),
    ],
)
def test_path(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "monitoring.config").write_text(text)
    assert monitoring.read(tmp_path / "monitoring.config") == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "prometheus_config { enabled: true }",
            r"Error parsing text-format tensorflow.serving.MonitoringConfig: .*:1:21",
        ),
        ('prometheus_config { enable: true path: "metrics" }', "'metrics' does not start with '/'. Write '/metrics'"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "monitoring.config").write_text(text)
    with pytest.raises(ServingError, match=words) as caught:
        monitoring.read(tmp_path / "monitoring.config")
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match=r"no\.config; No such file") as caught:
        monitoring.read(tmp_path / "no.config")
    assert caught.value.code is Code.NOT_FOUND
