import pytest

from runner.compile.checks.input_schema import InputSchema

ONE = {"type": "object", "oneOf": [{"required": ["url"]}, {"required": ["file", "name"]}]}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "needs one of `url`, `file` and `name`"),
        ({"file": "a"}, "needs one of `url`, `file` and `name`"),
        ({"url": "a", "file": "b", "name": "c"}, "takes only one of `url`, `file` and `name`"),
    ],
)
def test_a_choice_of_fields_is_told_by_their_names(inputs: dict[str, str], said: str) -> None:
    (fault,) = InputSchema("acme.thing", ONE).faults(inputs)
    assert said in fault.message


def test_a_choice_of_other_forms_is_told_as_such() -> None:
    schema = {"type": "object", "oneOf": [{"required": ["a"]}, {"properties": {"b": {"const": 1}}}]}
    (fault,) = InputSchema("acme.thing", schema).faults({"a": 1, "b": 1})
    assert "fits none, or more than one, of the documented forms" in fault.message
