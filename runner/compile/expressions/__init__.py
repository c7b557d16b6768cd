"""Expressions: `${{ … }}` found, compiled, looked through and evaluated."""
