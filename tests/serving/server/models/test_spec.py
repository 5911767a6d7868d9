"""The model and version that a call asks for, as TensorFlow Serving prints them."""

from serving.server.models.spec import ModelSpec


def test_spec_prints_as_in_tensorflow_serving() -> None:
    assert str(ModelSpec(name="m")) == "Latest(m)"
    assert str(ModelSpec(name="m", version=0)) == "Specific(m, 0)"
