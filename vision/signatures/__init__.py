"""The signatures of exported models, one module per task, with their proofs."""
