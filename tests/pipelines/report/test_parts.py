"""Parts of a report: cells are escaped, and words are set left."""

from pipelines.report import parts


def test_a_grid_sets_words_left_and_escapes_them() -> None:
    body = parts.grid(["word", "count", "near"], [["<b>", "3", "a&b"]], words=(2,))
    assert '<th scope="col">word</th><th scope="col">count</th><th scope="col" class="text">near</th>' in body
    assert '<th scope="row">&lt;b&gt;</th><td>3</td><td class="text">a&amp;b</td>' in body
