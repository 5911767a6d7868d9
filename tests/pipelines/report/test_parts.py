"""Parts of a report: cells are escaped, and words are set left."""

from pipelines.report import parts


def test_a_grid_sets_words_left_and_escapes_them() -> None:
    body = parts.grid(["word", "count", "near"], [["<b>", "3", "a&b"]], words=(2,))
    assert '<th scope="col">word</th><th scope="col">count</th><th scope="col" class="text">near</th>' in body
    assert '<th scope="row">&lt;b&gt;</th><td>3</td><td class="text">a&amp;b</td>' in body


def test_the_first_items_and_how_many_more_there_are() -> None:
    assert parts.listed(["a", "b"], 2, where="check.json") == ["a", "b"]
    assert parts.listed(["a", "b", "c", "d"], 2, where="check.json") == ["a", "b", "and 2 more, all in check.json"]
