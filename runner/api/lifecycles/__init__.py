"""The life of a call with an effect, as generators without I/O; and what became of one whose answer was lost."""
