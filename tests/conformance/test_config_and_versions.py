"""Version policies, labels, new versions, reloads (file_system_storage_path_source_test.cc, server_core_test.cc)."""

import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import grpc
import pytest

from tests.conformance import configs
from tests.conformance.calls import spec, status
from tests.conformance.changing import Changing, add_version
from tests.conformance.server import Server, serving

OF_123, OF_124 = {"predictions": [2.5]}, {"predictions": [3.5]}
ON_123, ON_124, END_123 = ("123", "AVAILABLE"), ("124", "AVAILABLE"), ("123", "END")


def test_policies(changing: Changing) -> None:
    assert changing.states("all") == [ON_124, ON_123]
    assert changing.states("specific") == [ON_123]
    assert changing.states("latest_two") == [ON_124, ON_123]
    assert changing.states("latest_one") == [ON_124]
    assert changing.states("latest_none") == [ON_124]  # one at least


def test_version_zero(changing: Changing) -> None:
    assert changing.states("zero") == [("0", "AVAILABLE")]
    assert changing.predict("zero/versions/0") == OF_123


def test_two_folders_of_one_version(changing: Changing) -> None:
    """The last in the order of names counts, of 00000123 and 123."""
    assert changing.states("doubled") == [ON_123]
    assert changing.predict("doubled") == OF_124


def test_deprecated_model_type(bases: Mapping[str, Path], changing: Changing) -> None:
    """It may stand in the place of model_platform."""
    text = changing.text(bases={"old_style": bases["half_plus_two"]})
    name, rest = text.rsplit("model_platform: 'tensorflow'", 1)
    assert changing.reload(f"{name}model_type: TENSORFLOW{rest}").status.error_code == 0
    assert changing.predict("old_style") == OF_123
    changing.reload(changing.text())


def test_calls_without_version_take_the_highest(changing: Changing) -> None:
    assert changing.predict("all") == OF_124
    assert changing.predict("all/versions/123") == OF_123
    assert changing.predict("specific") == OF_123


def test_labels(changing: Changing) -> None:
    assert changing.predict("all/labels/stable") == OF_123
    assert changing.predict("all/labels/canary") == OF_124
    spec_of_label = changing.server.ask("/v1/models/all/labels/stable/metadata").json["model_spec"]
    assert spec_of_label["version"] == "123"


def test_status_of_one_of_two_versions(changing: Changing) -> None:
    assert changing.states("all/versions/123") == [ON_123]
    found = status(changing.server, spec("all")).model_version_status
    assert [each.version for each in found] == [124, 123]


def test_strays_are_no_versions(changing: Changing) -> None:
    assert changing.states("strays") == [ON_123]


def test_new_version_hot_loaded(bases: Mapping[str, Path], changing: Changing) -> None:
    """One of the two versions answers every call: the old one is unloaded when the new one is available."""
    seen, stop = [], threading.Event()

    def call() -> None:
        while not stop.is_set():
            seen.append(changing.predict("hot"))
            time.sleep(0.01)

    caller = threading.Thread(target=call)
    caller.start()
    try:
        add_version(bases["two_versions"] / "00000124", changing.bases["hot"], "124")
        changing.until("hot", [ON_124, END_123])
    finally:
        stop.set()
        caller.join()
    assert changing.predict("hot") == OF_124
    assert [answer for answer in seen if answer not in (OF_123, OF_124)] == []
    assert OF_123 in seen
    assert changing.predict("hot/versions/123")[0] == 404


def test_status_versions_descending_order(bases: Mapping[str, Path], changing: Changing) -> None:
    """A version that has left stays listed, with the state END."""
    add_version(bases["half_plus_two"] / "00000123", changing.bases["stays"], "1000")
    changing.until("stays", [("1000", "AVAILABLE"), END_123])
    found = changing.server.ask("/v1/models/stays/versions/123").json["model_version_status"]
    assert found == [{"version": "123", "state": "END", "status": {"error_code": "OK", "error_message": ""}}]


def test_lower_version_is_not_loaded(bases: Mapping[str, Path], changing: Changing) -> None:
    add_version(bases["half_plus_two"] / "00000123", changing.bases["leaves"], "122")
    time.sleep(1.5)  # longer than the server waits between two looks
    assert changing.states("leaves") == [ON_123]


def test_removed_version_makes_room_for_the_one_before(changing: Changing) -> None:
    assert changing.states("shrinks") == [ON_124]
    shutil.rmtree(changing.bases["shrinks"] / "00000124")
    changing.until("shrinks", [("124", "END"), ON_123])
    assert changing.predict("shrinks") == OF_123


def test_last_version_removed_is_unloaded(bases: Mapping[str, Path], changing: Changing) -> None:
    """An empty base path aspires an empty list (file_system_storage_path_source.cc, PollFileSystemForServable)."""
    shutil.rmtree(changing.bases["empties"] / "00000123")
    changing.until("empties", [END_123])
    assert changing.predict("empties") == (404, "Servable not found for request: Latest(empties)")
    assert "No versions of servable empties found under base path" in changing.server.tail(100_000)
    add_version(bases["half_plus_two"] / "00000123", changing.bases["empties"], "123")
    changing.until("empties", [ON_123])
    assert changing.predict("empties") == OF_123


def test_named_version_removed_is_unloaded(bases: Mapping[str, Path], changing: Changing) -> None:
    """The policy `specific` names it, and it goes with its folder all the same (AspireSpecificVersions)."""
    assert changing.states("named") == [ON_124, ON_123]
    shutil.rmtree(changing.bases["named"] / "00000124")
    changing.until("named", [("124", "END"), ON_123])
    assert changing.predict("named/versions/124") == (404, "Servable not found for request: Specific(named, 124)")
    shutil.rmtree(changing.bases["named"] / "00000123")
    changing.until("named", [("124", "END"), END_123])
    add_version(bases["two_versions"] / "00000124", changing.bases["named"], "124")
    changing.until("named", [ON_124, END_123])


def test_base_path_that_vanishes_unloads_nothing(changing: Changing) -> None:
    base = changing.bases["vanishes"]
    base.rename(base.with_name("elsewhere"))
    time.sleep(1.5)  # longer than the server waits between two looks
    assert changing.predict("vanishes") == OF_123
    base.with_name("elsewhere").rename(base)


def test_broken_new_version_harms_nothing(changing: Changing) -> None:
    from tests.conformance.models import write_broken

    write_broken(changing.file.parent / "broken" / "124")
    (changing.file.parent / "broken" / "124").rename(changing.bases["broken_later"] / "124")
    changing.until("broken_later", [("124", "END"), ON_123])
    assert changing.predict("broken_later") == OF_123
    [found] = changing.server.ask("/v1/models/broken_later/versions/124").json["model_version_status"]
    assert found["status"]["error_code"] != "OK"
    assert found["status"]["error_message"]
    shutil.rmtree(changing.bases["broken_later"] / "124")


def test_config_file_is_not_read_again_by_default(bases: Mapping[str, Path], changing: Changing) -> None:
    text = changing.file.read_text()
    changing.file.write_text(changing.text(bases={"added_in_file": bases["half_plus_two"]}))
    time.sleep(1.5)
    assert changing.predict("added_in_file")[0] == 404
    changing.file.write_text(text)


def test_grpc_reload_config(bases: Mapping[str, Path], changing: Changing) -> None:
    """A model that the new config does not name is unloaded."""
    text = changing.text(without="latest_two", bases={"added": bases["half_plus_two"]})
    assert changing.predict("latest_two") == OF_124
    assert changing.reload(text).status.error_code == 0
    assert changing.predict("added") == OF_123  # loaded before the call comes back
    changing.until("latest_two", [("124", "END"), END_123])
    assert changing.predict("latest_two") == (404, "Servable not found for request: Latest(latest_two)")
    assert changing.reload(changing.text()).status.error_code == 0
    changing.until("latest_two", [ON_124, ON_123])
    assert changing.predict("added")[0] == 404


def test_grpc_reload_moves_a_label(changing: Changing) -> None:
    assert changing.reload(changing.text(all={"stable": 124, "canary": 124})).status.error_code == 0
    assert changing.predict("all/labels/stable") == OF_124
    assert changing.reload(changing.text(all={"canary": 124})).status.error_code == 0
    assert changing.predict("all/labels/stable") == (400, "Unrecognized servable version label: stable")
    changing.reload(changing.text())
    assert changing.predict("all/labels/stable") == OF_123


def _refused(changing: Changing, text: str) -> tuple[str, str]:
    """Code and message of a reload that must fail."""
    with pytest.raises(grpc.RpcError) as info:
        changing.reload(text)
    return info.value.code().name, info.value.details()


def test_grpc_reload_label_to_unavailable_version(changing: Changing) -> None:
    code, message = _refused(changing, changing.text(all={"stable": 123, "canary": 999}))
    assert code == "FAILED_PRECONDITION"
    assert (
        "Request to assign label to version 999 of model all, which is not currently available for inference" in message
    )
    assert changing.predict("all/labels/canary") == OF_124


def test_grpc_reload_of_nonsense(bases: Mapping[str, Path], changing: Changing) -> None:
    """Refused, and everything is served as before."""
    twice = configs.text({"all": bases["two_versions"]}).removeprefix("model_config_list {\n").removesuffix("}\n")
    relative = configs.text({"all": Path("relative/path")})
    for text in (f"model_config_list {{ {twice} {twice} }}", relative, "custom_model_config {}", ""):
        code, message = _refused(changing, text)
        assert code in ("INVALID_ARGUMENT", "FAILED_PRECONDITION")
        assert message
        assert changing.predict("all") == OF_124
        assert changing.predict("specific") == OF_123
    assert "ServerModelConfig type not supported by HandleReloadConfigRequest" in message


def test_grpc_reload_with_another_platform(bases: Mapping[str, Path], changing: Changing) -> None:
    """server_core_test.cc, IllegalToChangeModelPlatform."""
    text = changing.text().replace("'tensorflow'", "'caffe'", 1)
    name = next(iter(changing.bases))
    assert _refused(changing, text) == (
        "INVALID_ARGUMENT",
        f"Illegal to change a model's platform. For model {name} platform was tensorflow and new platform requested "
        "is caffe",
    )
    other = configs.text({"new": bases["half_plus_two"]}).replace("'tensorflow'", "'caffe'")
    assert _refused(changing, other) == ("INVALID_ARGUMENT", "Model new requests unsupported platform caffe")
    assert changing.predict(name) == OF_124


def test_grpc_reload_without_any_model(changing: Changing) -> None:
    """An empty list is a config like any other; the models come back with the next one."""
    assert changing.reload("model_config_list {}").status.error_code == 0
    changing.until("specific", [END_123])
    assert changing.predict("specific") == (404, "Servable not found for request: Latest(specific)")
    assert changing.reload(changing.text(all={})).status.error_code == 0
    assert changing.predict("specific") == OF_123
    changing.reload(changing.text())  # the labels, now that the versions are there again


def test_config_reload_old_model_gone(bases: Mapping[str, Path], special: Server) -> None:
    """With --model_config_file_poll_wait_seconds=1 the file is read again; a bad new file is ignored."""
    file = special.log.parent / "models.config"
    before = file.read_text()

    def available(name: str) -> bool:
        return special.ask(f"/v1/models/{name}:predict", '{"instances": [2.0]}').status == 200

    def wait(name: str, wanted: bool) -> None:
        deadline = time.monotonic() + 30
        while available(name) != wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        assert available(name) == wanted, special.tail()

    assert available("half_plus_three")
    assert not available("added")
    without = before.replace("name: 'half_plus_three'", "name: 'added'")
    configs.replace(file, without)
    wait("added", True)
    wait("half_plus_three", False)
    answer = special.ask("/v1/models/half_plus_three:predict", '{"instances": [2.0]}')
    assert (answer.status, answer.error) == (404, "Servable not found for request: Latest(half_plus_three)")
    configs.replace(file, "model_config_list { config { name: ")
    time.sleep(1.5)
    assert available("added")
    configs.replace(file, before)
    wait("half_plus_three", True)
    wait("added", False)


def test_empty_config_file_waits_for_a_reload(bases: Mapping[str, Path], tmp_path: Path) -> None:
    """ServerCore::ReloadConfig: no action at the start; once models are listed, an empty config is refused."""
    file = tmp_path / "models.config"
    file.touch()
    with serving(tmp_path, f"--model_config_file={file}", "--model_config_file_poll_wait_seconds=1") as server:
        assert "Taking no action for empty config." in server.tail()
        assert server.ask("/v1/models/half", seconds=5).status == 404
        configs.write(file, {"half": bases["half_plus_two"]})
        server.until("/v1/models/half", lambda found: "AVAILABLE" in str(found))
        configs.replace(file, "")
        deadline = time.monotonic() + 30
        words = "FAILED_PRECONDITION: Cannot transition to requested config. It is only legal to transition from one"
        while words not in server.tail() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert words in server.tail()
        assert server.ask("/v1/models/half:predict", '{"instances": [1.0]}').json == OF_123
