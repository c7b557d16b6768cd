"""Named strategies: what data alone cannot say about an API."""
