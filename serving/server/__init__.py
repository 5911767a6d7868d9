"""A server with the API of TensorFlow Serving.

`flags` reads the command line and `run` starts the process: a `repository` of `versions` (each with its `warmup`)
behind the routes of `rest`. A call is a function from body to body, in `inference` and `example_calls`, without HTTP;
`json_text`, `json_tensor`, `json_element`, `json_example` read requests, `json_answer` writes answers, `errors` names
what went wrong.
"""
