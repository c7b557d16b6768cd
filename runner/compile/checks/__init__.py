"""Everything that can be known to be wrong before anybody is asked."""
