"""A manifest becomes instances: tables, items, keys, needs, and what their inputs come to."""
