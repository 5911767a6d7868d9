"""End-to-end tests of whole stories."""
