"""The report's look at why: held-out images with their Grad-CAM and guided backpropagation, beside each other."""

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.report import plots
from pipelines.report.page import Section

RIGHT, WRONG = 4, 4
"""Most images of each kind: the ones answered right of which the network is surest, one a class, and the most confident mistakes."""
NOTE = (
    "Grad-CAM: where the evidence for the answer lies, red is most. Guided backpropagation: the pixels that speak for it, grey says "
    "nothing. Does the network look at the thing itself, or at what happens to stand around it? A bright map shows where it looked, "
    "not that it was right."
)
NO_MAP = (
    " This network has no feature map of a convolution that all of its answers pass through, so there is no Grad-CAM."
)


def section(
    model: Any, images: Any, labels: NDArray[Any], probabilities: NDArray[np.floating[Any]], classes: Sequence[str]
) -> Section:
    """The section "What the network looked at".

    model: from pixels 0 to 255 to logits. images: held-out, by index, uint8 (h, w, 3). labels: int (n,), the right classes.
    probabilities: (n, classes), the model's answers to the images. The answer given is what is explained, also where it is wrong.
    """
    import tensorflow as tf

    from serving import draw
    from vision.inspection import explanations

    chosen = examples(labels, probabilities)
    answered = probabilities[chosen].argmax(axis=-1)
    shown = np.stack([images[i] for i in chosen])
    maps = explanations.explainer(model)(tf.constant(shown, tf.float32), tf.constant(answered, tf.int32))
    named = {name: np.asarray(maps[name]) for name in ("grad_cam", "guided_backprop") if name in maps}
    rows = []
    for place, (i, answer) in enumerate(zip(chosen, answered, strict=True)):
        tiles = [shown[place], draw.coloured(named["guided_backprop"][place])]
        if "grad_cam" in named:
            tiles.insert(1, draw.heated(shown[place], named["grad_cam"][place]))
        caption = f"is {classes[labels[i]]}\nsaid {classes[answer]} ({probabilities[i, answer]:.3f})"
        rows.append(_row(tiles, caption))
    note = NOTE if "grad_cam" in named else NOTE + NO_MAP
    heads = ["held-out image", *(["Grad-CAM"] if "grad_cam" in named else []), "guided backpropagation", "answer"]
    head = "".join(f'<th scope="col" class="text">{name}</th>' for name in heads)
    table = f'<div class="wide"><table class="grid"><tr>{head}</tr>{"".join(rows)}</table></div>'
    return Section(title="What the network looked at", body=f'<p class="note">{note}</p>{table}')


def examples(labels: NDArray[Any], probabilities: NDArray[np.floating[Any]]) -> list[int]:
    """Positions of up to four right answers, the surest of each class, and of up to four mistakes, the most confident first."""
    answered, sure = probabilities.argmax(axis=-1), probabilities.max(axis=-1)
    order = np.argsort(-sure, kind="stable")
    right = [int(i) for i in order if answered[i] == labels[i]]
    first = list({int(labels[i]): i for i in reversed(right)}.values())
    best = sorted(first, key=lambda i: (-float(sure[i]), i))
    rest = [i for i in right if i not in best]
    wrong = [int(i) for i in order if answered[i] != labels[i]]
    return [*best, *rest][:RIGHT] + wrong[:WRONG]


def _row(tiles: Sequence[NDArray[np.uint8]], caption: str) -> str:
    cells = "".join(f'<td class="text">{plots.thumbnail(tile, alt=caption)}</td>' for tile in tiles)
    return f'<tr>{cells}<td class="text">{html.escape(caption).replace(chr(10), "<br>")}</td></tr>'
