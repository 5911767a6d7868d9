"""The page and the REST API over given models, on a free port of this machine, in a thread of this process."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from serving import saved_model
from serving.server.models.config import ModelConfig
from serving.server.models.loading import Load
from serving.server.models.repository import Repository
from serving.server.page import Page
from serving.server.rest_api.app import RestApi
from serving.server.rest_api.options import Options


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    """Its address, with the slash at the end."""
    repository: Repository


def _load(_config: ModelConfig, folder: Path) -> saved_model.LoadedModel:
    return saved_model.load(folder)


@contextmanager
def serve(models: dict[str, Path], *, token: str = "", load: Load = _load) -> Iterator[Served]:
    """Serve these base paths; the models may still be loading when the server answers, see `Client.wait_until_ready`."""
    repository = Repository(load)
    configs = [ModelConfig(name=name, base_path=base) for name, base in models.items()]
    loading = threading.Thread(target=repository.apply, args=[configs])
    loading.start()
    with ThreadPoolExecutor(2) as executor, socket.create_server(("127.0.0.1", 0)) as listener:
        app = RestApi(repository, executor, options=Options(token=token), page=Page(repository))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}/", repository)
        finally:
            server.should_exit = True
            thread.join()
            loading.join()
            repository.close()
