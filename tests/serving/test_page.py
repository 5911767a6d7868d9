"""The page in headless Chromium: every view, keyboard, phone, states and errors."""

import base64
import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.serving import page_models, page_server
from tests.serving.browser import answered, choose, chromium, opened, picture, pixel

RED, BLUE = (220, 30, 30), (30, 30, 220)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Base paths: a model of every task, named after it, and `plain` without a task."""
    folder = tmp_path_factory.mktemp("models")
    bases = {task: page_models.write(folder / task, task) for task in ("classify", *page_models.ROWS)}
    return {**bases, "plain": page_models.write_plain(folder / "plain")}


@pytest.fixture(scope="module")
def url(models: dict[str, Path]) -> Iterator[str]:
    """The address of a server over all models."""
    with page_server.serve(models) as served:
        yield served.url


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """The page, freshly opened."""
    with opened(browser, url, viewport={"width": 1200, "height": 800}) as opened_page:
        yield opened_page


@pytest.fixture
def red(tmp_path: Path) -> Path:
    """A red picture whose name a shell must be told about."""
    return picture(tmp_path / "it's 100% red.png", RED)


def _send(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    answered(page)


def _run_shown_command(page: Page, folder: Path) -> Any:
    """Run the curl line of the page in a shell; what the server answers to it."""
    command = page.locator("#same code").text_content() or ""
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_the_list_shows_models_versions_and_states(page: Page) -> None:
    items = page.locator("#models .model")
    expect(items).to_have_count(9)
    expect(items.first).to_have_text(re.compile("classify.*1 available"))
    expect(page.get_by_role("heading", level=1)).to_have_text("classify")
    expect(page.get_by_label("Version")).to_have_value("")
    assert page.title() == "classify"


@pytest.mark.parametrize("path", ["", "page/app.js", "page/models.json"])
def test_head_tells_what_get_would(url: str, path: str) -> None:
    with (
        urllib.request.urlopen(url + path) as got,
        urllib.request.urlopen(urllib.request.Request(url + path, method="HEAD")) as told,
    ):
        assert told.read() == b""
        assert told.headers["content-length"] == str(len(got.read()))
        assert told.headers["content-type"] == got.headers["content-type"]


def test_classify_draws_labels_with_scores(page: Page, red: Path) -> None:
    _send(page, red)
    expect(page.locator(".winner")).to_have_text("red")
    assert page.locator(".bars li").all_inner_texts() == ["red\n87.5 %", "blue\n12.5 %"]
    widths = page.locator(".fill").evaluate_all("fills => fills.map(fill => fill.style.width)")
    assert widths == ["87.5%", "12.5%"]
    assert pixel(page, 0.5, 0.5) == list(RED)
    answer = _run_shown_command(page, red.parent)
    assert answer == {"predictions": [{"classes": ["red", "blue"], "scores": [0.875, 0.125]}]}


def test_why_lays_the_heat_map_over_the_picture(page: Page, tmp_path: Path) -> None:
    file = picture(tmp_path / "blue.png", BLUE)
    _send(page, file)
    button = page.get_by_role("button", name="Why?")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#answer")).to_contain_text("Red speaks most for blue.")
    hot, cold = pixel(page, 0.05, 0.05), pixel(page, 0.9, 0.9)
    assert hot[0] > 80
    assert hot[2] < 120
    assert cold == list(BLUE)
    assert _run_shown_command(page, tmp_path)["predictions"][0]["classes"] == "blue"
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert pixel(page, 0.05, 0.05) == list(BLUE)


def test_the_heat_map_lies_where_a_cropping_network_looked(page: Page, tmp_path: Path) -> None:
    _send(page, picture(tmp_path / "wide.png", BLUE, width=80))
    page.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("button", name="Why?")).to_have_attribute("aria-pressed", "true")
    assert pixel(page, 0.2, 0.05) == list(BLUE)
    assert pixel(page, 0.27, 0.05)[0] > 80


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_can_be_dropped_and_pasted(page: Page, tmp_path: Path, way: str) -> None:
    content = base64.b64encode(picture(tmp_path / "blue.png", BLUE).read_bytes()).decode()
    expect(page.locator(".zone")).to_be_visible()
    page.evaluate(
        """([content, way]) => {
          const data = new DataTransfer();
          const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
          data.items.add(new File([bytes], "blue.png", { type: "image/png" }));
          const event = way === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          document.body.dispatchEvent(event);
        }""",
        [content, way],
    )
    assert "blue\n87.5 %" in answered(page)
    expect(page.locator("#ask")).to_contain_text("blue.png · 1 kB")


def test_detect_draws_boxes_above_the_lowest_score(page: Page, red: Path) -> None:
    choose(page, "detect")
    _send(page, red)
    expect(page.locator(".winner")).to_have_text("1 object")
    assert page.locator(".bars li").all_inner_texts() == ["cat\n90.0 %"]
    frame = pixel(page, 0.5, 0.75)
    assert frame != list(RED)
    assert pixel(page, 0.75, 0.5) == frame
    assert pixel(page, 0.5, 0.5) == list(RED) == pixel(page, 0.2, 0.1)
    page.get_by_label("Lowest score").fill("0.2")
    expect(page.locator(".winner")).to_have_text("2 objects")
    assert pixel(page, 0.2, 0.1) not in (list(RED), frame)
    page.get_by_label("Lowest score").fill("0.95")
    expect(page.locator(".winner")).to_have_text("0 objects")
    assert pixel(page, 0.5, 0.75) == list(RED)


def test_segment_lays_the_mask_over_the_picture(page: Page, red: Path) -> None:
    choose(page, "segment")
    _send(page, red)
    assert page.locator(".bars li").all_inner_texts() == ["background\n50.0 %", "road\n25.0 %", "sky\n25.0 %"]
    places = [pixel(page, x, 0.5) for x in (0.25, 0.6, 0.9)]
    assert places[0] == list(RED)
    assert len({tuple(place) for place in places}) == 3
    page.get_by_label("Opacity of the mask").fill("0")
    assert pixel(page, 0.9, 0.5) == list(RED)
    page.get_by_label("Opacity of the mask").fill("1")
    swatches = page.locator(".swatch").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).backgroundColor.match(/\\d+/g).map(Number))"
    )
    assert [pixel(page, 0.6, 0.5), pixel(page, 0.9, 0.5)] == swatches


def test_denoise_shows_before_and_after(page: Page, red: Path) -> None:
    choose(page, "denoise")
    _send(page, red)
    assert (pixel(page, 0.25, 0.5), pixel(page, 0.75, 0.5)) == (list(RED), [0, 0, 255])
    page.get_by_label("Before, left of the line; after, right of it").fill("0")
    assert pixel(page, 0.01, 0.5) == [0, 0, 255]
    link = page.get_by_role("link", name="Save the restored picture").get_attribute("href")
    content = _run_shown_command(page, red.parent)["predictions"][0]["b64"]
    assert link == f"data:image/png;base64,{content}"


def test_an_answer_of_another_form_is_said_to_be_so(page: Page) -> None:
    choose(page, "ngram")
    page.route("**:predict", lambda route: route.fulfill(json={"predictions": [{"wrong": 1}]}))
    page.locator("#text").fill("the")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not have the form of a ngram answer")


def test_any_saved_model_gets_an_editor_with_an_example(page: Page, tmp_path: Path) -> None:
    choose(page, "plain")
    body = page.get_by_label("Request body, JSON")
    assert json.loads(body.input_value()) == {"instances": [{"x": [0.0, 0.0, 0.0]}]}
    body.fill('{"instances": [[1.5, 2, 3]]}')
    body.press("Control+Enter")
    assert '{"predictions": [[3, 4, 6]]}' in answered(page)
    assert _run_shown_command(page, tmp_path) == {"predictions": [[3.0, 4.0, 6.0]]}
    page.get_by_label("Signature").select_option("odds")
    assert json.loads(body.input_value()) == {"signature_name": "odds", "instances": [{"x": 0.0}]}
    body.fill('{"signature_name": "odds", "instances": [0.0, 1.0, -1.0]}')
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#answer")).to_contain_text('"-Infinity"')
    assert '"NaN"' in page.locator("#answer").inner_text()


def test_the_servers_own_words_say_what_is_wrong(page: Page, tmp_path: Path) -> None:
    choose(page, "plain")
    page.get_by_label("Request body, JSON").fill('{"instances": [1, ]}')
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("^400 JSON Parse error: "))
    choose(page, "classify")
    text = tmp_path / "notes.png"
    text.write_text("no picture")
    page.locator("input[type=file]").set_input_files(text)
    expect(page.get_by_role("alert")).to_contain_text("400 ")
    expect(page.locator(".zone")).to_contain_text("notes.png cannot be shown here")
    page.locator("input[type=file]").set_input_files(picture(tmp_path / "red.png", RED))
    assert "red\n87.5 %" in answered(page)


@pytest.mark.parametrize(
    ("inputs", "method", "expected"),
    [
        ({"x": {"dtype": "int64", "shape": [-1]}}, "predict", {"instances": [{"x": 0}]}),
        ({"x": {"dtype": "float16", "shape": [-1, 2, -1]}}, "predict", {"instances": [{"x": [[0], [0]]}]}),
        ({"x": {"dtype": "bool", "shape": []}}, "predict", {"inputs": {"x": False}}),
        ({"x": {"dtype": "string", "shape": None}}, "predict", {"instances": [{"x": "text"}]}),
        ({"a_bytes": {"dtype": "string", "shape": [-1]}}, "predict", {"instances": [{"a_bytes": {"b64": ""}}]}),
        ({}, "predict", {"inputs": {}}),
        ({"inputs": {"dtype": "string", "shape": [-1]}}, "classify", {"examples": [{"feature": 0}]}),
    ],
)
def test_examples_follow_the_signature(page: Page, inputs: Any, method: str, expected: Any) -> None:
    signature = {"method": f"tensorflow/serving/{method}", "inputs": inputs}
    text = page.evaluate(
        "async (s) => (await import('/page/inputs/editor.js')).example('serving_default', s)", signature
    )
    assert json.loads(text) == expected


def test_everything_can_be_done_with_the_keyboard(page: Page) -> None:
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="classify")).to_be_focused()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="word2vec")).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("word2vec")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Version")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("king")
    page.keyboard.press("Enter")
    assert "queen" in answered(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Copy")).to_be_focused()


def test_copy_puts_the_command_on_the_clipboard(browser: Browser, url: str) -> None:
    with opened(browser, url, permissions=["clipboard-read", "clipboard-write"]) as page:
        choose(page, "ngram")
        page.locator("#text").fill("the cat")
        page.keyboard.press("Enter")
        answered(page)
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator("#same code").text_content()
        assert copied == f"""curl -d '{{"instances":[{{"text":"the cat"}}]}}' {url}v1/models/ngram:predict"""


def test_every_control_has_a_name(page: Page, red: Path) -> None:
    for model in ("detect", "word2vec", "plain"):
        choose(page, model)
        if model == "detect":
            _send(page, red)
        snapshot = page.locator("body").aria_snapshot()
        controls = re.findall(r"- (?:button|textbox|combobox|slider|radio|img)(.*)", snapshot)
        assert len(controls) > 10
        assert all(control.startswith(' "') for control in controls), snapshot


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, url: str, tmp_path: Path, scheme: Any
) -> None:
    file = picture(tmp_path / f"{'long' * 20}.png", RED)
    size = {"width": 375, "height": 812}
    with opened(browser, url, viewport=size, has_touch=True, is_mobile=True, color_scheme=scheme) as page:
        for model in ("classify", "detect", "mask_lm", "plain"):
            choose(page, model)
            if page.locator("input[type=file]").count():
                expect(page.locator(".zone")).to_contain_text("Choose or take a picture")
                page.locator("input[type=file]").set_input_files(file)
            else:
                page.locator("textarea").fill("long" * 100)
                page.get_by_role("button", name="Send").tap()
            expect(page.locator("#same")).to_be_visible()
            expect(page.locator("#answer")).to_have_attribute("aria-busy", "false")
            assert page.evaluate("document.documentElement.scrollWidth") == 375
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert (max(paper) < 64) == (scheme == "dark")


def test_a_server_that_is_gone_is_noticed_and_found_again(browser: Browser, url: str) -> None:
    with opened(browser, url, hurried=True) as page:
        expect(page.locator("#ask")).to_be_visible()
        page.route("**/models.json", lambda route: route.abort())
        expect(page.locator("#connection")).to_have_text("The server does not answer.")
        page.unroute("**/models.json")
        expect(page.locator("#connection")).to_have_text("")
