"""One run of a plan: what may go on, what is sent, waited for and saved, and what it costs."""
