"""REST on uvicorn: routes, calls, bodies that are not JSON, connections, trace ids."""
