"""`--monitoring_config_file`: whether and where the metrics can be read."""

from pathlib import Path

from serving.server.config_messages import MonitoringConfig, read_text
from serving.server.errors import invalid_argument

DEFAULT_PATH = "/monitoring/prometheus/metrics"


def read(path: Path) -> str:
    """Read the URL path of the metrics in the MonitoringConfig text file `path`; "" when it enables none.

    Raises ServingError for a file that cannot be read, and for a URL path that no request can have.
    """
    prometheus = read_text(path, MonitoringConfig()).prometheus_config
    if not prometheus.enable:
        return ""
    url_path: str = prometheus.path or DEFAULT_PATH
    if not url_path.startswith("/"):
        raise invalid_argument(
            f"{path}: the prometheus_config path '{url_path}' does not start with '/'. Write '/{url_path}'."
        )
    return url_path
