"""The page in headless Chromium while models load and fail, and where a token is asked for."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from serving import saved_model
from serving.server.models.config import ModelConfig
from tests.serving import page_models, page_server
from tests.serving.browser import answered, choose, chromium, opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def ngram(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base path of a model of the task ngram."""
    return page_models.write(tmp_path_factory.mktemp("models") / "ngram", "ngram")


def _break(folder: Path) -> None:
    """Make a version folder that cannot be loaded."""
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"broken")


def test_a_model_appears_when_it_has_loaded(browser: Browser, ngram: Path) -> None:
    loaded = threading.Event()

    def load(_config: ModelConfig, folder: Path) -> saved_model.LoadedModel:
        assert loaded.wait(60)
        return saved_model.load(folder)

    with page_server.serve({"ngram": ngram}, load=load) as served, opened(browser, served.url, hurried=True) as page:
        expect(page.locator("#models")).to_contain_text("1 loading")
        expect(page.locator("#notice")).to_have_text("No version is available yet.")
        expect(page.locator("#ask")).to_be_hidden()
        loaded.set()
        expect(page.locator("#models")).to_contain_text("1 available")
        expect(page.get_by_label("Text to continue")).to_be_visible()
        expect(page.locator("#notice")).to_be_hidden()


def test_a_version_that_fails_is_shown_and_the_old_one_answers(browser: Browser, tmp_path: Path) -> None:
    base = page_models.write(tmp_path / "words", "word2vec")
    with page_server.serve({"words": base}) as served, opened(browser, served.url, hurried=True) as page:
        page.get_by_label("A word").fill("king")
        _break(base / "2")
        assert served.repository.refresh()
        expect(page.locator("#models")).to_contain_text("2 failed")
        expect(page.locator("#notice")).to_contain_text("Version 2 failed to load.")
        expect(page.locator("#notice")).to_contain_text("could not be loaded")
        page.get_by_label("A word").press("Enter")
        assert "queen" in answered(page)
        page.get_by_label("Version").select_option("2, failed")
        expect(page.locator("#notice")).to_contain_text("Version 2 is not available.")
        expect(page.locator("#ask")).to_be_hidden()
        page.get_by_label("Version").select_option("1")
        page.get_by_label("A word").fill("king")
        page.get_by_label("A word").press("Enter")
        answered(page)
        assert "/v1/models/words/versions/1:predict" in str(page.locator("#same code").text_content())


def test_the_error_goes_with_its_folder_and_with_a_newer_version(browser: Browser, tmp_path: Path) -> None:
    base = page_models.write(tmp_path / "words", "word2vec")
    with page_server.serve({"words": base}) as served, opened(browser, served.url, hurried=True) as page:
        notice, listed = page.locator("#notice"), page.locator("#models")
        expect(listed).to_contain_text("1 available")
        _break(base / "2")
        assert served.repository.refresh()
        expect(notice).to_contain_text("Version 2 failed to load.")
        page_models.write(base, "word2vec", version=3)
        served.repository.refresh()
        expect(listed).to_contain_text("3 available")
        expect(listed).to_contain_text("2 failed")
        expect(notice).to_be_hidden()
        _break(base / "4")
        assert served.repository.refresh()
        expect(notice).to_contain_text("Version 4 failed to load.")
        shutil.rmtree(base / "4")
        expect(listed).to_contain_text("4 ended")
        expect(notice).to_be_hidden()
        page.get_by_label("Version").select_option("2, failed")
        expect(notice).to_contain_text("Version 2 failed to load.")


def test_a_model_without_signatures_says_so(browser: Browser, ngram: Path, tmp_path: Path) -> None:
    models = {"silent": page_models.write_silent(tmp_path / "silent"), "ngram": ngram}
    with page_server.serve(models) as served, opened(browser, served.url, hurried=True) as page:
        expect(page.locator("#ask")).to_have_text("This model has no signature that can be called.")
        choose(page, "ngram")
        page.get_by_label("Text to continue").fill("the")
        page.keyboard.press("Enter")
        assert "sat" in answered(page)
        choose(page, "silent")
        expect(page.locator("#ask")).to_have_text("This model has no signature that can be called.")


def test_a_token_is_asked_for_when_the_server_wants_one(browser: Browser, ngram: Path) -> None:
    with (
        page_server.serve({"ngram": ngram}, token="open sesame") as served,
        opened(browser, served.url, hurried=True) as page,
    ):
        field = page.get_by_label("This server asks for a token")
        expect(field).to_be_focused()
        expect(page.locator("#connection")).to_contain_text("The token is missing or wrong.")
        page.keyboard.type("open sesame")
        page.keyboard.press("Enter")
        expect(field).to_be_hidden()
        page.get_by_label("Text to continue").fill("the")
        page.keyboard.press("Enter")
        assert "sat" in answered(page)
        command = str(page.locator("#same code").text_content())
        assert command.startswith('curl -H "Authorization: Bearer $TOKEN" -d ')
        assert "sesame" not in command
