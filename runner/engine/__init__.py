"""Effects: journal, transport, scheduler, observe, publish, download, apply."""
