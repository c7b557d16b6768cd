"""Requests and answers: encoded, decoded, looked into and judged."""
