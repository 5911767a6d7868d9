"""A server with the API of TensorFlow Serving, in layers; each imports only layers below it.

process/                the command line, the files that it names, the service and its end, how a version is loaded
rest_api/  grpc_api/    REST on uvicorn; PredictionService, ModelService and health over gRPC
page/                   the page at /
calls/                  a call without HTTP or gRPC: predict, classify, regress, and the checks of both APIs
recording/              which requests are recorded, and their files
models/                 which models and versions are served: configs, policies, folders, swaps
batching/               calls that run together
json_bodies/            JSON to arrays and back
metrics  config_messages  tensor_proto  bearer
errors
"""
