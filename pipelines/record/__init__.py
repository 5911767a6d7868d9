"""The run folder: chosen, started, resumed and finished; what was recorded on the way."""
