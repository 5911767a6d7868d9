"""The main job, shown: train on the built-in digits, serve the bundle, ask it over HTTP about one held-out image."""

import base64
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

READY_SECONDS = 120


def main() -> None:
    """Train, serve and ask; ends the process with an exit code other than 0 when a step fails."""
    folder = _train()
    port = _free_port()
    server = _serve(folder, port)
    try:
        _wait(server, port)
        _ask(folder, port)
    finally:
        server.terminate()
        server.wait(READY_SECONDS)
    print(
        f"\nreport:     {folder / 'report.html'}\nfor phones: {folder / 'mobile'}\n\n"
        "Try next, with a folder of your own (one sub-folder of images per class):\n"
        "  .venv/bin/python -m pipelines.classify --data photos --augment.flip --out runs/photos"
    )


def _train() -> Path:
    """`python -m pipelines.classify`; its output is shown as it comes, and names the run folder."""
    command = [sys.executable, "-m", "pipelines.classify"]
    print("$ python -m pipelines.classify", flush=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = []
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        sys.exit(process.returncode)
    return Path(next(line for line in lines if line.startswith("run folder: ")).removeprefix("run folder: ").strip())


def _serve(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    flags = [
        "--port=0",
        f"--model_name={folder.name}",
        f"--model_base_path={folder / 'export'}",
        f"--rest_api_port={port}",
    ]
    print(f"\n$ python -m serving {' '.join(flags)}", flush=True)
    return subprocess.Popen([sys.executable, "-m", "serving", *flags])


def _wait(server: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(READY_SECONDS * 5):
        if server.poll() is not None:
            sys.exit(f"the server ended with exit code {server.returncode} before it was ready")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    sys.exit(f"the server was not ready after {READY_SECONDS} s")


def _ask(folder: Path, port: int) -> None:
    """POST one held-out image and print the answer beside the truth."""
    image = min((folder / "samples").iterdir())
    body = json.dumps({"instances": [{"image_bytes": {"b64": base64.b64encode(image.read_bytes()).decode()}}]})
    url = f"http://127.0.0.1:{port}/v1/models/{folder.name}:predict"
    print(f"\n$ curl {url} -d '{body[:60]}…'   # {image}", flush=True)
    with urllib.request.urlopen(urllib.request.Request(url, body.encode()), timeout=READY_SECONDS) as answer:
        prediction = json.load(answer)["predictions"][0]
    truth = image.stem.split("-", 1)[1]
    told = ", ".join(
        f"{name} {score:.3f}" for name, score in zip(prediction["classes"], prediction["scores"], strict=True)
    )
    print(f"the image shows {truth}; the model answers: {told}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
