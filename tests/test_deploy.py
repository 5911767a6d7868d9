"""deploy/*.yaml, field by field: names that Kubernetes and KServe know, and values that fit together and to the server.

No cluster is asked. The names are those of the APIs core/v1, apps/v1 (kubernetes.io/docs/reference) and of
servingruntime_types.go, predictor.go, component.go, predictor_model.go in kserve/kserve.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from serving.server.batching import parameters
from serving.server.models import config
from serving.server.process import flags, monitoring

ROOT = Path(__file__).parents[1]

CONTAINER = (
    "name image imagePullPolicy command args ports startupProbe livenessProbe readinessProbe lifecycle resources "
    "securityContext volumeMounts env"
)
FIELDS = {
    "ConfigMap": "apiVersion kind metadata data",
    "Deployment": "apiVersion kind metadata spec",
    "Deployment.spec": "replicas selector strategy template",
    "Deployment.spec.selector": "matchLabels",
    "Deployment.spec.strategy": "type rollingUpdate",
    "Deployment.spec.strategy.rollingUpdate": "maxSurge maxUnavailable",
    "Deployment.spec.template": "metadata spec",
    "Deployment.spec.template.spec": (
        "automountServiceAccountToken terminationGracePeriodSeconds securityContext containers volumes"
    ),
    "Deployment.spec.template.spec.securityContext": (
        "runAsNonRoot runAsUser runAsGroup fsGroup fsGroupChangePolicy seccompProfile"
    ),
    "Deployment.spec.template.spec.securityContext.seccompProfile": "type",
    "Deployment.spec.template.spec.containers": CONTAINER,
    "Deployment.spec.template.spec.volumes": "name persistentVolumeClaim configMap emptyDir",
    "Deployment.spec.template.spec.volumes.persistentVolumeClaim": "claimName readOnly",
    "Deployment.spec.template.spec.volumes.configMap": "name",
    "Deployment.spec.template.spec.volumes.emptyDir": "",
    "Service": "apiVersion kind metadata spec",
    "Service.spec": "type selector ports",
    "Service.spec.ports": "name port targetPort appProtocol",
    "ServingRuntime": "apiVersion kind metadata spec",
    "ServingRuntime.spec": "supportedModelFormats protocolVersions containers volumes",
    "ServingRuntime.spec.supportedModelFormats": "name version autoSelect priority",
    "ServingRuntime.spec.containers": CONTAINER,
    "ServingRuntime.spec.volumes": "name emptyDir",
    "ServingRuntime.spec.volumes.emptyDir": "",
    "InferenceService": "apiVersion kind metadata spec",
    "InferenceService.spec": "predictor",
    "InferenceService.spec.predictor": "minReplicas maxReplicas timeout model",
    "InferenceService.spec.predictor.model": "modelFormat runtime protocolVersion storageUri",
    "InferenceService.spec.predictor.model.modelFormat": "name version",
}
CONTAINER_FIELDS = {
    "ports": "name containerPort protocol",
    "resources": "requests limits",
    "securityContext": "runAsNonRoot runAsUser allowPrivilegeEscalation readOnlyRootFilesystem privileged capabilities",
    "securityContext.capabilities": "drop",
    "volumeMounts": "name mountPath readOnly",
    "lifecycle": "preStop",
    "lifecycle.preStop": "exec",
    "lifecycle.preStop.exec": "command",
    **dict.fromkeys(
        ("startupProbe", "livenessProbe", "readinessProbe"),
        "httpGet initialDelaySeconds periodSeconds timeoutSeconds failureThreshold",
    ),
    **{f"{name}.httpGet": "path port" for name in ("startupProbe", "livenessProbe", "readinessProbe")},
}
ANY_NAMES = ("metadata", "data", "matchLabels", "requests", "limits", "Service.spec.selector")
"""Maps whose keys the author chooses (a Service's selector is one, a Deployment's is not)."""
CHECKED = {
    **FIELDS,
    **{
        f"{base}.{name}": known
        for base in FIELDS
        if base.endswith("containers")
        for name, known in CONTAINER_FIELDS.items()
    },
}


def _documents(name: str) -> dict[str, dict[str, Any]]:
    """The objects of a file by kind."""
    documents = list(yaml.safe_load_all((ROOT / "deploy" / name).read_text(encoding="utf-8")))
    found = {each["kind"]: each for each in documents}
    assert len(found) == len(documents)
    return found


def _unknown(value: Any, place: str) -> list[str]:
    """Field names that the API has not, with their place."""
    if isinstance(value, list):
        return [found for each in value for found in _unknown(each, place)]
    if not isinstance(value, dict) or place.endswith(ANY_NAMES):
        return []
    known = CHECKED[place].split()
    wrong = [f"{place}.{name}" for name in value if name not in known]
    return wrong + [found for name in value if name in known for found in _unknown(value[name], f"{place}.{name}")]


@pytest.mark.parametrize(
    ("file", "kinds"),
    [
        ("kubernetes.yaml", {"ConfigMap": "v1", "Deployment": "apps/v1", "Service": "v1"}),
        (
            "kserve.yaml",
            {"ServingRuntime": "serving.kserve.io/v1alpha1", "InferenceService": "serving.kserve.io/v1beta1"},
        ),
    ],
)
def test_every_field_is_one_of_its_api(file: str, kinds: dict[str, str]) -> None:
    documents = _documents(file)
    assert {kind: each["apiVersion"] for kind, each in documents.items()} == kinds
    for kind, document in documents.items():
        assert set(document["metadata"]) <= {"name", "labels"}
        assert _unknown(document, kind) == []


def test_a_misspelt_field_would_be_found() -> None:
    document = _documents("kubernetes.yaml")["Deployment"]
    document["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    document["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["httpGet"]["pfad"] = "/"
    containers = "Deployment.spec.template.spec.containers"
    assert sorted(_unknown(document, "Deployment")) == [
        f"{containers}.livenessProbe.httpGet.pfad",
        f"{containers}.readinesProbe",
    ]


def _pod() -> dict[str, Any]:
    return dict(_documents("kubernetes.yaml")["Deployment"]["spec"]["template"])


def _flags(container: dict[str, Any]) -> flags.Flags:
    assert container["command"] == ["python", "-m", "serving"]
    told = flags.parse([each.replace("{{.Name}}", "photos") for each in container["args"]])
    told.check()
    return told


def _image_user() -> int:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    [user] = [line.split()[1] for line in lines if line.startswith("USER ")]
    return int(user.split(":")[0])


def _check_container(container: dict[str, Any]) -> None:
    """What both files promise of the container."""
    assert container["image"].startswith("pipelines-serving:")
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    rest = _flags(container).rest_api_port
    probes = {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}
    assert {ports.get(each["port"], each["port"]) for each in probes.values()} == {rest}
    assert probes["readinessProbe"]["path"] == "/readyz"
    assert probes["livenessProbe"]["path"] == "/healthz"
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]
    assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]


def test_the_deployment_holds_together() -> None:
    pod = _pod()
    [container] = pod["spec"]["containers"]
    _check_container(container)
    deployment, service = (_documents("kubernetes.yaml")[kind] for kind in ("Deployment", "Service"))
    labels = pod["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["selector"].items() <= labels.items()
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert {each["targetPort"]: each["port"] for each in service["spec"]["ports"]} == ports
    told = _flags(container)
    assert ports == {"http": told.rest_api_port, "grpc": told.port}
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["spec"]["volumes"]}
    security = pod["spec"]["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == _image_user()
    assert container["startupProbe"]["httpGet"]["path"] == "/healthz"


def test_calls_under_way_end_before_the_kill() -> None:
    pod = _pod()["spec"]
    [container] = pod["containers"]
    [sleep, seconds] = container["lifecycle"]["preStop"]["exec"]["command"]
    assert sleep == "sleep"
    assert pod["terminationGracePeriodSeconds"] >= int(seconds) + _flags(container).drain_seconds + 10
    [kserve] = _documents("kserve.yaml")["ServingRuntime"]["spec"]["containers"]
    assert _flags(kserve).drain_seconds < 30  # Kubernetes' default grace period


def test_the_config_files_are_ones_that_the_server_reads(tmp_path: Path) -> None:
    files = _documents("kubernetes.yaml")["ConfigMap"]["data"]
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    pod = _pod()
    told = _flags(pod["spec"]["containers"][0])
    given = {told.model_config_file, told.monitoring_config_file, told.batching_parameters_file}
    assert given == {f"/config/{name}" for name in files}
    models = config.read(tmp_path / "models.config") or []
    assert [(each.name, str(each.base_path)) for each in models] == [
        ("photos", "/models/photos"),
        ("digits", "/models/digits"),
    ]
    assert told.model_config_file_poll_wait_seconds > 0
    parameters.read(tmp_path / "batching.config").check()
    annotations = pod["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == monitoring.read(tmp_path / "monitoring.config")
    assert annotations["prometheus.io/port"] == str(told.rest_api_port)


def test_the_kserve_runtime_and_its_model_hold_together() -> None:
    documents = _documents("kserve.yaml")
    runtime, service = documents["ServingRuntime"], documents["InferenceService"]
    [container] = runtime["spec"]["containers"]
    _check_container(container)
    assert container["name"] == "kserve-container"  # KServe looks for this name
    assert container["securityContext"]["runAsUser"] == _image_user()
    told = _flags(container)
    assert (told.model_base_path, told.rest_api_port, told.port) == ("/mnt/models", 8080, 9000)
    assert told.model_name == service["metadata"]["name"]
    assert told.enable_model_list  # GET /v1/models is part of KServe's V1 protocol
    [port] = container["ports"]  # Knative takes one, and a probe of this port only
    assert port["containerPort"] == told.rest_api_port
    model = service["spec"]["predictor"]["model"]
    assert model["runtime"] == runtime["metadata"]["name"]
    assert model["modelFormat"] in runtime["spec"]["supportedModelFormats"]
    assert model["protocolVersion"] in runtime["spec"]["protocolVersions"]
    assert set(runtime["spec"]["protocolVersions"]) <= {"v1", "v2", "grpc-v1", "grpc-v2"}
    assert model["storageUri"].startswith("pvc://")
    predictor = service["spec"]["predictor"]
    assert 0 < predictor["minReplicas"] <= predictor["maxReplicas"]
    assert predictor["timeout"] * 1000 == told.rest_api_timeout_in_ms
