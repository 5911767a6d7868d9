"""vision.spelling: known names that an unknown one is near to."""

import subprocess
import sys

from vision import spelling

KNOWN = ("MobileNetV2", "resnet", "vgg")


def test_the_nearest_come_first_whatever_their_case() -> None:
    assert spelling.nearest("mobilenet_v2", KNOWN) == ["MobileNetV2"]
    assert spelling.nearest("MOBILENETV2", KNOWN) == ["MobileNetV2"]
    assert spelling.nearest("qqq", KNOWN) == []
    near = ("resnet", "resnet50v2")
    assert spelling.nearest("resnett", near) == ["resnet", "resnet50v2"]
    assert spelling.nearest("resnett", near, most=1) == ["resnet"]
    assert spelling.nearest("resnett", near, least=0.9) == ["resnet"]


def test_a_hint_names_one_or_nothing() -> None:
    assert spelling.hint("Resnt", KNOWN) == "; did you mean resnet?"
    assert spelling.hint("qqq", KNOWN) == ""


def test_import_is_cheap() -> None:
    code = "import sys, vision.spelling; sys.exit(bool({'numpy', 'tensorflow', 'keras'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
