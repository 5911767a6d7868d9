"""vision.datasets.labelled_csv: how tables are written in the wild, and every mistake with its line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.vision import pictures
from vision.datasets import LabelledImages, image_folder
from vision.datasets.reading import read_labelled
from vision.errors import DataError

COUNTS = {"ant": 12, "bee": 9}


def _read(table: Path, *, most: int | None = None) -> LabelledImages:
    return read_labelled(str(table), size=8, seed=0, most=most)


def _lines(folder: Path, written: list[Path]) -> list[str]:
    """One line a file, the folder's name as its label."""
    return [f"{path.relative_to(folder)},{path.parent.name}" for path in written]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Writes 21 pictures and a table of them with these lines behind the right ones."""
    written = pictures.write_folder(tmp_path, COUNTS)

    def write(*more: str, header: str = "path,label") -> Path:
        path = tmp_path / "photos.csv"
        path.write_text("\n".join([header, *_lines(tmp_path, written), *more]) + "\n", encoding="utf-8")
        return path

    return write


def test_equals_the_class_folders(table: Callable[..., Path]) -> None:
    found, folders = _read(table()), image_folder.read(table().parent, size=8, seed=0)
    assert found.classes == ("ant", "bee")
    assert found.fingerprint() == folders.fingerprint()
    assert found.train.names == folders.train.names
    assert not found.skipped


def test_the_same_table_in_every_dress(tmp_path: Path) -> None:
    written = pictures.write_folder(tmp_path, {"ant, red": 5, "Käfer": 5})
    rows = [(str(path.relative_to(tmp_path)), path.parent.name) for path in written]
    quoted = "".join(f'"{path}","{label}"\r\n' for path, label in rows)
    swapped = "".join(f'"{label}", "{tmp_path}/./{path}"\n\n' for path, label in rows)
    (tmp_path / "one.csv").write_bytes(b"\xef\xbb\xbf" + ("path,label\r\n" + quoted).encode())
    (tmp_path / "two.CSV").write_bytes(("Label , Path\n" + swapped).encode().rstrip(b"\n"))
    one, two = _read(tmp_path / "one.csv"), _read(tmp_path / "two.CSV")
    assert one.classes == ("Käfer", "ant, red")
    assert one.fingerprint() == two.fingerprint()
    assert one.train.names == two.train.names == tuple(map(str, written))


def test_given_splits(tmp_path: Path) -> None:
    written = pictures.write_folder(tmp_path, {"ant": 8, "bee": 8})
    for words, third in ((["train"] * 4 + ["val"] * 2 + ["test"] * 2, 4), (["Training"] * 6 + ["validation"] * 2, 4)):
        lines = [f"{line},{word}" for line, word in zip(_lines(tmp_path, written), words * 2, strict=True)]
        (tmp_path / "photos.csv").write_text("\n".join(["path,label,split", *lines]))
        data = _read(tmp_path / "photos.csv")
        # The last two of each class are scored, also where they were called validation: what is scored must not choose.
        assert {data.test.name(i) for i in range(len(data.test))} == {str(written[i]) for i in (6, 7, 14, 15)}
        assert len(data.test) == third
        assert len(data.validation) == (4 if "val" in words else 2)


def test_listed_again_with_the_same_label_counts_once(table: Callable[..., Path]) -> None:
    found = _read(table("ant/0000.png,ant", "ant/../bee/0000.png,bee", "bee/0000.png,bee"))
    assert [(item.name, item.reason) for item in found.skipped] == [
        ("photos.csv, line 23", "the same picture and label as line 2"),
        ("photos.csv, line 24", "the same picture and label as line 14"),
        ("photos.csv, line 25", "the same picture and label as line 14"),
    ]
    assert found.fingerprint() == _read(table()).fingerprint()


def _ways(folder: Path, name: str) -> list[str]:
    return [str(folder / name), f"../{folder.name}/{name}", f"{folder}/bee/../{name}"]


def test_one_file_written_in_two_ways_is_one(table: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = table().parent
    monkeypatch.chdir(folder)
    for way in _ways(folder, "ant/0000.png"):
        for named in (table(f"{way},bee"), Path("photos.csv")):
            with pytest.raises(
                DataError, match=r"0000\.png is labelled 'ant' in line 2 and 'bee' in line 23; keep one"
            ):
                _read(named)
    found = _read(table(*(f"{way},ant" for way in _ways(folder, "ant/0000.png"))))
    assert [item.reason for item in found.skipped] == ["the same picture and label as line 2"] * 3


def test_a_link_is_a_picture_of_its_own(table: Callable[..., Path]) -> None:
    (table().parent / "link.png").symlink_to(table().parent / "ant" / "0000.png")
    assert not _read(table("link.png,bee")).skipped


def test_unreadable_pictures_are_counted(table: Callable[..., Path]) -> None:
    (table().parent / "cut.png").write_bytes(b"")
    (skipped,) = _read(table("cut.png,ant")).skipped
    assert (skipped.name, skipped.reason) == ("cut.png", "zero bytes")


def test_at_most_so_many(table: Callable[..., Path]) -> None:
    data = _read(table(), most=12)
    assert np.bincount(np.concatenate([part.labels for part in (data.train, data.validation, data.test)])).tolist() == [
        6,
        6,
    ]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            ["ant/0000.png,bee"],
            r"ant.0000\.png is labelled 'ant' in line 2 and 'bee' in line 23; keep one of the lines",
        ),
        (["./bee/0008.png,ant"], r"bee.0008\.png is labelled 'bee' in line 22 and 'ant' in line 23"),
        (
            ["", "a.png,ant"],
            r"names 22 files, of which 1 cannot be found \(line 24: .*a\.png\); paths are relative to the",
        ),
        (
            [f"{i}.png,ant" for i in range(7)],
            r"names 28 files, of which 7 cannot be found .*\(line 23: .*line 27: .*/4\.png and 2 more\)",
        ),
        (["ant,ant"], r"of which 1 cannot be found \(line 23: .*ant\)"),
        (["ant/0000.png, "], "line 23: the label is empty; expected one in every line"),
        ([",ant"], "line 23: the path is empty"),
        (
            ["ant/0000.png"],
            r"line 23: found 1 fields, expected 2 \(path,label\); put a field that holds a comma into double",
        ),
        (["a,b.png,ant"], "line 23: found 3 fields, expected 2"),
        (['"ant/0000.png,ant'], "line 23: not readable as CSV: .*; is a quote missing?"),
        (['"ant\nbee","new\nline"', "x"], "line 26: found 1 fields"),
    ],
)
def test_wrong_lines(table: Callable[..., Path], more: list[str], message: str) -> None:
    with pytest.raises(DataError, match=f"photos.csv.*{message}"):
        _read(table(*more))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "photos.csv is empty; expected path,label or path,label,split as its first line"),
        (b"\r\n", "photos.csv is empty"),
        (b"path,label\n", "holds no line below its header; expected a path and a label in each"),
        (b"a.png,ant\n", "line 1: the header is 'a.png,ant'; expected path,label or path,label,split"),
        (b"path,label,box\n", "line 1: the header is 'path,label,box'; expected path,label"),
        (b"path,path,label\n", "line 1: the header is 'path,path,label'"),
        (b"path;label\n", "the header is 'path;label'; .*; found ';' between the columns, expected commas"),
        (b"path\tlabel\n", r"found '\\t' between the columns"),
        (b"path,label\na.png,K\xe4fer\n", "line 2: byte 0xe4 is not UTF-8; save the table as CSV in UTF-8"),
        ("path,label\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
        (b"path,label,split\na.png,ant,later\n", "line 2: the split is 'later'; expected train, val or test"),
        (b"path,label,split\na.png,ant,\n", "line 2: the split is ''; expected"),
    ],
)
def test_wrong_tables(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "photos.csv").write_bytes(text)
    with pytest.raises(DataError, match=message):
        _read(tmp_path / "photos.csv")


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (["train"] * 9, "the column split holds only train; expected train with val or test or both"),
        (["val"] * 5 + ["test"] * 4, "the column split holds only test, validation"),
        (
            ["train"] * 6 + ["test"] * 3,
            "the parts hold different classes: train lacks 'cow'; test lacks 'ant', 'bee'; expected the same classes",
        ),
        (
            ["val"] * 3 + ["train"] * 6,
            "the parts hold different classes: validation lacks 'bee', 'cow'; train lacks 'ant'",
        ),
    ],
)
def test_splits_that_cannot_be_used(tmp_path: Path, splits: list[str], message: str) -> None:
    written = pictures.write_folder(tmp_path, {"ant": 3, "bee": 3, "cow": 3})
    lines = [f"{line},{word}" for line, word in zip(_lines(tmp_path, written), splits, strict=True)]
    (tmp_path / "photos.csv").write_text("\n".join(["path,label,split", *lines]))
    with pytest.raises(DataError, match=f"photos.csv: {message}"):
        _read(tmp_path / "photos.csv")


def test_one_picture_in_two_parts(tmp_path: Path) -> None:
    written = pictures.write_folder(tmp_path, {"ant": 3, "bee": 3})
    lines = [f"{line},train" for line in _lines(tmp_path, written)]
    for again in ("ant/0001.png", *_ways(tmp_path, "ant/0001.png")):
        (tmp_path / "photos.csv").write_text("\n".join(["path,label,split", *lines, f"{again},ant,test"]))
        message = r"0001\.png is in the part 'train' in line 3 and 'test' in line 8; keep one"
        with pytest.raises(DataError, match=message):
            _read(tmp_path / "photos.csv")


def test_a_single_class(tmp_path: Path) -> None:
    written = pictures.write_folder(tmp_path, {"ant": 3})
    (tmp_path / "photos.csv").write_text("\n".join(["path,label", *_lines(tmp_path, written)]))
    with pytest.raises(DataError, match=r"photos\.csv holds a single class, 'ant'; a classifier needs at least two"):
        _read(tmp_path / "photos.csv")
