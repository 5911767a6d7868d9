"""Vision: readers, decoding, augmentation, models and metrics. Plain functions that take values; nothing here knows a pipeline."""
