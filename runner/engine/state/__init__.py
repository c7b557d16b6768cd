"""Where a state is kept: the journal, its rows, files and databases, locks, and the words that people leave for it."""
