"""Sections on the inside of a network: empty values are said."""

from pipelines.report import network


def test_an_empty_network_is_said() -> None:
    assert "No ReLU" in network.dead_units({}).body
    assert network.gradients({}).title == "Gradient norm by layer"
