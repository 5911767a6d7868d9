"""What to label next: unlabelled images, those first of which a trained classifier is least sure (`--suggest FOLDER`).

Margin sampling (Scheffer et al., 2001; Settles, 2009, Active Learning Literature Survey): uncertainty = 1 - (p1 - p2), p1 and p2 the
two highest scores. It asks the run's own export, as a server would. Pictures that resemble each other are not spread.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from pipelines.classify import suggest_page
from pipelines.classify.suggest_page import Suggestion
from pipelines.record import files as record_files
from pipelines.record import runs

PRINTED = 10
"""Suggestions on the console; suggest.csv holds all."""
COLUMNS = ("path", "uncertainty", "class", "score", "second_class", "second_score", "entropy")
"""Of suggest.csv. `entropy` (nats) is empty where the answer does not list every class."""


def suggest(run_folder: Path, folder: Path) -> dict[str, float]:
    """Rank every image under `folder`, print the first ten, and return the number ranked (`n`) and left out (`skipped`).

    Writes suggest.csv and suggest.html (with thumbnails) into the run folder, over earlier ones.
    Raises RunError unless the run is finished and has an export, and DataError unless the folder holds an image.
    """
    from serving import bundle

    exported = _export(run_folder)
    files = _files(folder)
    ranked, left_out = _ranked(exported, files)
    if not ranked:
        from vision.errors import DataError

        raise DataError(
            f"--suggest {folder}: none of its {len(files)} files is an image that can be read (first: {files[0]}: "
            f"{left_out[0][1]}); expected JPEG, PNG, GIF, BMP or WebP"
        )
    record_files.write_bytes(run_folder / "suggest.csv", _table(ranked))
    suggest_page.write(run_folder, ranked, left_out, folder=folder, taken=bundle.read_description(exported)["input"])
    _print_suggestions(run_folder, ranked, left_out)
    return {"n": float(len(ranked)), "skipped": float(len(left_out))}


def _export(run_folder: Path) -> Path:
    from serving import bundle

    if not (run_folder / runs.FINISHED).is_file():
        raise runs.RunError(
            f"--suggest asks a finished run, and {run_folder} holds none (no {runs.FINISHED}); give one with --out, train one "
            "first without --suggest, or finish it with --resume"
        )
    try:
        return bundle.find(run_folder)
    except bundle.BundleError as error:
        raise runs.RunError(
            f"--suggest asks the export of a run, and {run_folder} has none; train again without --no-export"
        ) from error


def _files(folder: Path) -> list[Path]:
    from vision.errors import DataError

    expected = "expected a folder of images"
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "no such folder"
        raise DataError(f"--suggest {folder}: {found}; {expected}")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not files:
        raise DataError(f"--suggest {folder}: holds no files; {expected}")
    return files


def _ranked(exported: Path, files: Sequence[Path]) -> tuple[list[Suggestion], list[tuple[str, str]]]:
    """Every readable image, most uncertain first (equal ones by path), and (path, reason) of the others."""
    from serving import bundle, predict, saved_model

    classes = len(bundle.read_description(exported)["labels"])
    ranked, left_out = [], []
    with saved_model.load(exported) as loaded:
        for path in files:
            try:
                answers = predict.classify(loaded, path.read_bytes())
            except (ValueError, OSError) as error:
                left_out.append((str(path), str(error)))
            else:
                ranked.append(Suggestion(path=path, answers=answers, complete=len(answers) == classes))
    return sorted(ranked, key=lambda one: (-one.uncertainty, one.path)), left_out


def _table(ranked: Sequence[Suggestion]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in ranked:
        (first, p1), (second, p2) = one.answers[:2]
        entropy = "" if one.entropy is None else f"{one.entropy:.6g}"
        writer.writerow([one.path, f"{one.uncertainty:.6g}", first, f"{p1:.6g}", second, f"{p2:.6g}", entropy])
    # As the file system has them: the path of a file may hold bytes that are no text.
    return text.getvalue().encode(errors="surrogateescape")


def _print_suggestions(run_folder: Path, ranked: Sequence[Suggestion], left_out: Sequence[tuple[str, str]]) -> None:
    for name, reason in left_out[:PRINTED]:
        print(f"left out: {name}: {reason}")
    print(f"{len(ranked)} images, {len(left_out)} left out; to label next, most uncertain first:")
    for one in ranked[:PRINTED]:
        print(f"{one.uncertainty:.3f}  {one.path}: {one.answer}")
    print(f"all of them: {run_folder / 'suggest.csv'}, with pictures: {run_folder / 'suggest.html'}", flush=True)
