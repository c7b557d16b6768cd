"""Files of results: fetched, gone on with after a break, checked, and put in place."""
