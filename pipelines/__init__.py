"""The stories: each turns a person's data into a trained, measured, served and phone-ready model."""
