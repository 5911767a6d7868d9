"""The REST client, without TensorFlow."""

from serving.client.answers import AnswerError, Metadata, NoAnswerError, VersionStatus
from serving.client.rest import Client

__all__ = ["AnswerError", "Client", "Metadata", "NoAnswerError", "VersionStatus"]
