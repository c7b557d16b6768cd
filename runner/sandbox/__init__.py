"""The APIs, emulated over real HTTP, with faults and a ledger."""
