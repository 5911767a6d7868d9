"""pipelines.classify.pictures: pictures of a classifier's answers: confusion matrix, confused pairs, reliability diagram."""

import base64
import math
import re
import xml.etree.ElementTree as ElementTree

import numpy as np

from pipelines.classify import pictures


def alts(html: str) -> list[str]:
    return re.findall(r'<img [^>]*alt="([^"]+)"', html)


def svgs(html: str) -> list[str]:
    found = [base64.b64decode(data).decode() for data in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", html)]
    for svg in found:
        ElementTree.fromstring(svg)  # raises when it is not well formed
    return found


def test_reliability_tells_its_bins() -> None:
    html = pictures.reliability([(math.nan, math.nan, 0), (0.75, 0.5, 12)])
    assert alts(html) == ["Reliability diagram: 0.50 right at confidence 0.75 (12)."]
    assert len(svgs(html)) == 1


def test_matrix_shows_counts_and_escapes_labels() -> None:
    html = pictures.matrix(np.array([[8, 2], [0, 5]]), ["<i>", "жук"])
    cells = re.findall(r"<td[^>]*>(\d*)</td>", html)
    assert cells == ["", "8", "2", "", "5"]  # the corner, then row by row
    assert 'title="&lt;i&gt; → жук">2<' in html
    assert "<i>" not in html
    assert "rgba(221,132,82,0.20)" in html  # 2 of 10
    assert " upright" in pictures.matrix(np.eye(2, dtype=np.int64), ["beetle", "b"])
    assert " upright" not in html


def test_large_matrices_become_their_most_confused_pairs() -> None:
    counts = np.eye(31, dtype=np.int64) * 50
    counts[3, 4], counts[7, 2] = 5, 1500
    html = pictures.matrix(counts, [f"<{i}>" for i in range(31)])
    assert re.findall(r'<th scope="row">([^<]*)</th>', html) == ["&lt;7&gt; → &lt;2&gt;", "&lt;3&gt; → &lt;4&gt;"]
    assert re.findall(r'class="number">([^<]*)<', html) == ["1,500", "5"]
    assert pictures.matrix(np.eye(31, dtype=np.int64), ["x"] * 31) == "<p>No mistakes.</p>"
    assert counts[3, 3] == 50  # the caller's array is left alone
