"""Tables and workbooks: read, build, compare. It receives evaluated cells, never expressions."""
