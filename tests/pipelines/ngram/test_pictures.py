"""pipelines.ngram.pictures: pictures of an n-gram model for the report: lines over the orders, and sentences shaded by surprise."""

import base64
import math
import re
from xml.etree import ElementTree

from pipelines.ngram import pictures as ngram_pictures
from pipelines.ngram.pictures import Word

SVG = "{http://www.w3.org/2000/svg}"


def _alt(picture: str) -> str:
    found = re.search(r'alt="([^"]*)"', picture)
    assert found
    return found[1]


def _svg(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(base64.b64decode(picture.split("base64,")[1].split('"')[0]))


def test_lines_by_order() -> None:
    picture = ngram_pictures.by_order({"seen": [10, 200], "possible": [50, 2500.0]}, title="n-grams", log=True)
    assert _alt(picture) == "n-grams by order: seen 10, 200; possible 50, 2500."
    assert _svg(picture).tag == f"{SVG}svg"


def test_infinite_values_leave_a_hole() -> None:
    picture = ngram_pictures.by_order({"perplexity": [math.inf, math.inf]}, title="p")
    assert "perplexity inf, inf" in _alt(picture)
    assert "unseen 0.5, nan" in _alt(ngram_pictures.by_order({"unseen": [0.5, math.nan]}, title="p", percent=True))


def test_surprise_is_told_in_bits_and_shade() -> None:
    words = [
        Word("the", math.log10(1 / 4), 2),
        Word("<b>", math.log10(2**-40), 0),
        Word("&", -math.inf, 1),
        Word("a", 0, 3),
    ]
    body = ngram_pictures.surprise(words)
    assert re.findall(r">([^<>]+)<br><small>([^<]+)<", body) == [
        ("the", "2.0"),
        ("&lt;b&gt;", "40.0"),
        ("&amp;", "∞"),
        ("a", "0.0"),
    ]
    # A tenth of 20 bits gives a tenth of the full shade; beyond 20 bits it stays full.
    assert re.findall(r"rgba\(221,132,82,([\d.]+)\)", body) == ["0.09", "0.90", "0.90", "0.00"]
    assert re.findall(r'title="p = ([^"]+)"', body) == [
        "0.25, from 2 words",
        "9.09e-13, not in the vocabulary",
        "0, alone",
        "1, from 3 words",
    ]
    assert body.count("dashed") == 1
