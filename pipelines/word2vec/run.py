"""A word2vec run from start to end."""

from pipelines.word2vec.config import Config


def run(config: Config) -> dict[str, float]:
    """Train, judge by word lists, export, report, and return the scores (correlations -1 to 1, accuracies 0 to 1)."""
    # Imported here so that a mistyped flag is answered before TensorFlow loads.
    from pipelines.record import runs
    from pipelines.text import check as text_check
    from pipelines.text import workplace
    from pipelines.word2vec import data, evaluation, export, report, training
    from pipelines.word2vec import evidence as word2vec_evidence

    folder = runs.choose("word2vec-check" if config.check else "word2vec", config)
    clock = runs.Clock()
    corpus, cut = data.read(config), data.tokenizer(config)
    if config.check:
        return text_check.check(folder, corpus, cut, min_count=config.min_count)
    runs.start(folder, config, fingerprint=corpus.fingerprint())
    with workplace.workplace(folder) as work:
        text = data.normalise(config, corpus, cut, work)
        clock.lap("reading the text")

        learned = training.learn(config, text, folder)
        clock.lap("training")

    judged = evaluation.judge(config, learned)
    clock.lap("scoring")

    parity = export.write(config, folder, learned.vectors, judged.scores)
    clock.lap("export")

    evidence = word2vec_evidence.gather(config, text, learned, judged, parity, seconds=clock.seconds)
    report.write(folder, evidence)
    return runs.finish(folder, judged.scores, hint=export.hint(folder))
