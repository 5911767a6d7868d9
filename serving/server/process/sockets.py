"""Sockets of the process: ports to listen on, and enough open files for the connections."""

import contextlib
import socket

from serving.server.errors import StartError
from serving.server.process.flags import Flags
from serving.server.rest_api import http_server

MOST_FILES = 65_536
"""Open files to ask the system for; each connection is one."""


def raise_file_limit() -> None:
    """Raise the limit of open files, and so of connections, where the system allows it; the usual 1024 are soon used up."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows; a limit that may not be raised
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
        if wanted > now != resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def listen(flags: Flags, name: str) -> socket.socket:
    """Bind a socket to the port of the flag `name`. Raises StartError when that is not possible."""
    port = getattr(flags, name)
    try:
        return http_server.listen(flags.rest_api_host, port)
    except socket.gaierror as error:
        raise StartError(
            f"--rest_api_host={flags.rest_api_host}: {error.strerror}. Give an address of this machine, such as 127.0.0.1."
        ) from error
    except OSError as error:
        raise StartError(
            f"Cannot listen on {flags.rest_api_host}:{port}: {error.strerror}. Stop what uses the port, or choose "
            f"another one with --{name}."
        ) from error
