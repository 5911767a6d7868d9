"""Status and metadata of a model, in REST's JSON."""

from serving.server.json_bodies import answer
from serving.server.models.repository import Repository
from serving.server.models.spec import ModelSpec


def status(repository: Repository, spec: ModelSpec) -> bytes:
    """Write the status of a model's versions."""
    listed = [
        {
            "version": str(version.number),
            "state": version.state.value,
            "status": {
                "error_code": version.error.code.name if version.error else "OK",
                "error_message": version.error.message if version.error else "",
            },
        }
        for version in repository.status(spec)
    ]
    return answer.dumps({"model_version_status": listed})


def metadata(repository: Repository, spec: ModelSpec) -> bytes:
    """Write the signatures of one version, in the JSON form of tensorflow.serving.GetModelMetadataResponse."""
    from google.protobuf import json_format

    with repository.use(spec) as version:
        signatures = {
            name: json_format.MessageToDict(
                signature, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
            for name, signature in version.model.metadata.items()
        }
        model_spec = {"name": spec.name, "signature_name": "", "version": str(version.number)}
    return answer.dumps({"model_spec": model_spec, "metadata": {"signature_def": {"signature_def": signatures}}})
