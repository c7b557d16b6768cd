"""Pure stages: load, validate, expressions, expand, plan."""
