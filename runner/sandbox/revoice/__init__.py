"""ReVoice, emulated."""
