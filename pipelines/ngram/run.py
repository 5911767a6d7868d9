"""An n-gram run from start to end."""

from pipelines.ngram.config import Config


def run(config: Config) -> dict[str, float]:
    """Count, estimate, score once on held-out text, export, report, and return the scores (perplexities, counts)."""
    # Imported here so that a mistyped flag is answered before TensorFlow loads.
    from pipelines.ngram import data, evaluation, export, report, training
    from pipelines.ngram import evidence as ngram_evidence
    from pipelines.record import runs
    from pipelines.text import check as text_check
    from pipelines.text import workplace

    folder = runs.choose("ngram-check" if config.check else "ngram", config)
    clock = runs.Clock()
    corpus, cut = data.read(config), data.tokenizer(config)
    if config.check:
        return text_check.check(folder, corpus, cut, min_count=config.min_count)
    runs.start(folder, config, fingerprint=corpus.fingerprint())
    with workplace.workplace(folder) as work:
        texts = data.encode(config, corpus, cut, work)
        clock.lap("reading the text")

        learned = training.learn(config, texts, folder, work)
        clock.lap("counting and estimating")

    judged = evaluation.judge(learned, texts)
    clock.lap("scoring")

    export.write(config, folder, learned.model, corpus, cut, judged.scores)
    clock.lap("export")

    evidence = ngram_evidence.gather(config, texts, learned, judged, seconds=clock.seconds)
    report.write(folder, evidence)
    return runs.finish(folder, judged.scores, hint=export.hint(folder))
