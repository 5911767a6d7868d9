"""The page in headless Chromium where texts and words are typed: what is sent, what is said, hints for words that are not known."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.serving import page_models, page_server
from tests.serving.browser import answered, choose, chromium, opened

TEXTS = {
    "ngram": ("the cat", ["the cat sat", "60.0 %", "end of sentence\n30.0 %", "34.25", "−12.5"]),
    "word2vec": ("king", ["queen\n0.750", "prince\n−0.125"]),
    "translate": ("a dog's run", ["ein Hund läuft", "der Hund läuft", "−1.25"]),
    "mask_lm": ("The [MASK] on the [MASK].", ["The cat on the mat.", "Gap 2", "rug", "40.0 %"]),
}
"""What is typed, and what must stand in the answer."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server over a model of every task that takes texts, named after it."""
    folder = tmp_path_factory.mktemp("models")
    with page_server.serve({task: page_models.write(folder / task, task) for task in TEXTS}) as served:
        yield served.url


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """The page, freshly opened."""
    with opened(browser, url, viewport={"width": 1200, "height": 800}) as opened_page:
        yield opened_page


@pytest.mark.parametrize("task", TEXTS)
def test_texts_are_sent_with_enter(page: Page, tmp_path: Path, task: str) -> None:
    typed, expected = TEXTS[task]
    choose(page, task)
    field = page.locator("#text")
    field.fill(typed)
    field.press("Enter")
    shown = answered(page)
    for text in expected:
        assert text in shown
    name, row = page_models.ROWS[task]
    command = page.locator("#same code").text_content() or ""
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    [answer] = json.loads(done.stdout)["predictions"]
    assert set(answer) == set(row)
    assert json.dumps({name: typed}, separators=(",", ":")).replace("'", "'\\''") in command


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("qwxz", ""),
        ("Qwxz", "Words are looked up as they are spelled, and the vocabulary is in lower case. Try “qwxz”."),
        (
            " New York",
            "Words are looked up as they are spelled, and the vocabulary is in lower case; "
            "phrases, if it has any, are joined by _. Try “new_york”.",
        ),
    ],
)
def test_a_word_that_is_not_known_is_said_to_be_so(page: Page, word: str, hint: str) -> None:
    choose(page, "word2vec")
    body = {"predictions": [{"in_vocabulary": False, "neighbours": [""], "similarities": [0], "vectors": [0]}]}
    page.route("**:predict", lambda route: route.fulfill(json=body))
    page.get_by_label("A word").fill(word)
    page.keyboard.press("Enter")
    answered(page)
    told = f"“{word.strip()}” is not in the vocabulary. {hint}".strip()
    expect(page.locator("#answer p")).to_have_text(told)


@pytest.mark.parametrize(
    ("word", "tokenizer", "hint"),
    [
        ("King", "space", "is not in the vocabulary. $"),
        ("New York", "space", "spelled, and phrases, if it has any, are joined by _. Try “New_York”."),
        ("king", "characters", "It holds single characters."),
        ("🎈", "characters", "is not in the vocabulary. $"),
    ],
)
def test_hints_follow_the_tokenizer(page: Page, word: str, tokenizer: str, hint: str) -> None:
    told = page.evaluate(
        """async ([text, tokenizer]) => {
          const target = document.createElement("div");
          const { draw } = await import("/page/views/neighbours.js");
          draw(target, { row: { in_vocabulary: false }, request: { text }, version: { input: { tokenizer } } });
          return target.textContent;
        }""",
        [word, tokenizer],
    )
    assert re.search(hint, told)


def test_the_end_of_a_sentence_is_said_in_words(page: Page) -> None:
    choose(page, "ngram")
    answer = {"log_prob": -1, "perplexity": 2, "next_words": ["</s>", "sat"], "next_scores": [0.9, 0.1]}
    page.route("**:predict", lambda route: route.fulfill(json={"predictions": [answer]}))
    page.locator("#text").fill("the cat")
    page.keyboard.press("Enter")
    assert "</s>" not in answered(page)
    expect(page.locator(".reading")).to_have_text("the cat end of sentence")
    assert page.locator(".bars li").all_inner_texts() == ["end of sentence\n90.0 %", "sat\n10.0 %"]


def test_a_text_is_sent_as_typed_to_what_goes_on_from_it(page: Page) -> None:
    choose(page, "ngram")
    for typed in ("the ", ""):
        page.locator("#text").fill(typed)
        page.keyboard.press("Enter")
        expect(page.locator("#same code")).to_contain_text(f'{{"text":"{typed}"}}')
        assert "sat" in answered(page)


@pytest.mark.parametrize(("task", "message"), [("word2vec", "Type a word first"), ("translate", "Type a text first")])
def test_nothing_but_blanks_is_said_to_be_too_little(page: Page, task: str, message: str) -> None:
    choose(page, task)
    for typed in ("", " "):
        page.locator("#text").fill(typed)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#ask [role=status]")).to_have_text(message)
        expect(page.locator("#text")).to_be_focused()
        expect(page.locator("#answer")).to_be_empty()
    page.locator("#text").fill(TEXTS[task][0])
    page.keyboard.press("Enter")
    answered(page)
    expect(page.locator("#ask [role=status]")).to_have_text("Enter sends")


def test_a_word_has_one_line(page: Page) -> None:
    choose(page, "word2vec")
    field = page.get_by_label("A word")
    field.fill(" king ")
    field.press("Shift+Enter")
    answered(page)
    expect(page.locator("#same code")).to_contain_text('{"words":"king"}')
