"""Small documents with what vendors really publish: whatever they hold,
one operation can be asked for and called."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from runner.api.messages.encode import encode
from runner.api.provider import Provider, Use
from runner.model.errors import InvalidInput
from runner.model.http import Call

Make = Callable[..., Provider]


def use(provider: Provider, name: str) -> Use:
    kind = provider.find(name)
    assert kind is not None, provider.names()
    return Use(provider, name, kind)


def fits(used: Use, inputs: Any) -> bool:
    schema = used.inputs_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return bool(jsonschema.Draft202012Validator(schema).is_valid(inputs))


def call(provider: Provider, name: str, inputs: dict[str, Any]) -> Call:
    used = use(provider, name)
    assert fits(used, inputs)
    return encode(used.operation, inputs)


STRIPE = """
paths:
  /v1/charges:
    post:
      operationId: PostCharges
      requestBody:
        content:
          application/x-www-form-urlencoded:
            encoding:
              metadata: {explode: true, style: deepObject}
              items: {explode: true, style: deepObject}
              expand: {explode: true, style: deepObject}
            schema:
              properties:
                amount: {type: integer}
                description: {type: string, maxLength: 40000, x-stripeBypassValidation: true}
                expand: {type: array, items: {type: string, maxLength: 5000}}
                metadata: {anyOf: [{type: object, additionalProperties: {type: string}}, {enum: [""],
                    type: string}]}
                items: {type: array, items: {type: object, properties: {price: {type: string},
                    tax: {type: boolean}}}}
              required: [amount]
      responses: {default: {description: Error,
          content: {application/json: {schema: {$ref: '#/components/schemas/error'}}}}}
components: {schemas: {error: {type: object, properties: {error: {type: object}}}}}
"""


def test_forms_with_nested_brackets(acme: Make) -> None:
    made = call(
        acme(STRIPE, version="3.0.0"), "post_charges",
        {"amount": 5, "metadata": {"order id": "7&8"}, "items": [{"price": "p", "tax": True}],
            "expand": ["a.b"]},
    )  # fmt: skip
    assert made.content() == (
        b"amount=5&metadata[order%20id]=7%268&items[0][price]=p&items[0][tax]=true&expand[0]=a.b"
    )
    assert dict(made.headers)["Content-Type"] == "application/x-www-form-urlencoded"


GITHUB = """
paths:
  "/repos/{owner}/{repo}/compare/{basehead}...{head}.{format}":
    get:
      operationId: repos/compare-commits
      parameters:
        - $ref: '#/components/parameters/owner'
        - {name: repo, in: path, required: true, schema: {type: string}}
        - {name: basehead, in: path, required: true, schema: {type: string}}
        - {name: format, in: path, required: true, schema: {type: string, enum: [diff, patch]}}
        - {name: gone, in: path, required: true, schema: {type: string}}
        - {name: per_page, in: query, schema: {type: integer, default: 30}}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {}}}}}}
  "/repos/{owner}/checks/":
    post:
      operationId: checks/create
      parameters: [{$ref: '#/components/parameters/owner'}]
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties:
                name: {type: string}
                status: {type: string, enum: [queued, completed]}
                due: {oneOf: [{type: string}, {type: string, format: date-time}, {type: integer}]}
              oneOf:
                - {properties: {status: {enum: [completed]}}, required: [status], additionalProperties: true}
                - {properties: {status: {enum: [queued]}}, additionalProperties: true}
      responses: {'201': {description: made, headers: {Location: {schema: {type: string}}}}}
components: {parameters: {owner: {name: owner, in: path, required: true, schema: {type: string}}}}
"""


def test_several_parameters_in_a_segment_and_one_that_the_path_does_not_have(acme: Make) -> None:
    used = use(acme(GITHUB), "repos_compare_commits")
    inputs = {"owner": "o o", "repo": "r", "basehead": "v{head}", "head": "b/c", "format": "diff"}
    assert fits(used, inputs)
    assert encode(used.operation, inputs).path == "/repos/o%20o/r/compare/v%7Bhead%7D...b%2Fc.diff"


def test_a_one_of_that_several_branches_fit_is_no_problem(acme: Make) -> None:
    used = use(acme(GITHUB), "checks_create")
    assert fits(used, {"owner": "o", "name": "n", "due": "2026-01-01"})
    assert not fits(used, {"owner": "o", "name": "n", "due": True})
    assert encode(used.operation, {"owner": "o", "name": "n"}).path == "/repos/o/checks/"


SLACK = """
paths:
  /chat.postMessage:
    post:
      operationId: chat.postMessage
      parameters: [{in: header, name: token, required: true, schema: {type: string}}]
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/message'}}
          application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/message'}}
          text/plain: {}
          application/x-ndjson: {schema: {type: object}}
      responses: {default: {content: {'*/*': {schema: {additionalProperties: true}}}}}
  /files.upload:
    post:
      operationId: files.upload
      requestBody:
        content:
          application/json: {schema: {type: object, properties: {url: {type: string},
              title: {type: string}}, required: [url]}}
          multipart/form-data:
            schema: {type: object, properties: {file: {type: file}, title: {type: string}}, required: [file]}
      responses: {2XX: {description: ok}}
components:
  schemas:
    message:
      type: object
      required: [channel, ts]
      properties:
        channel: {type: string, required: true, example: C1}
        ts: {type: number, readOnly: true}
        blocks: {type: array, items: {type: object, x-thing: 1}, minItems: "1"}
        as_user:
"""


def test_odd_keywords_are_left_to_the_api(acme: Make) -> None:
    made = call(
        acme(SLACK), "chat.postMessage", {"token": "t", "channel": "C1", "blocks": [{}], "as_user": "x"}
    )
    assert made.content() == b'{"channel":"C1","blocks":[{}],"as_user":"x"}'
    assert ("token", "t") in made.headers


def test_a_body_in_one_of_two_forms_needs_what_one_of_them_needs(acme: Make) -> None:
    used = use(acme(SLACK), "files_upload")
    assert fits(used, {"url": "https://a"})
    assert fits(used, {"file": "a.wav", "title": "x"})
    assert not fits(used, {"title": "x"})
    assert used.operation.files() == {"file"}
    assert encode(used.operation, {"url": "https://a"}).content() == b'{"url":"https://a"}'


TWILIO = """
paths:
  /2010-04-01/Accounts/{AccountSid}/Calls.json:
    servers: [{url: 'https://acme.test/v1'}]
    description: Calls
    x-twilio: {defaultOutputProperties: [sid]}
    post:
      operationId: CreateCall
      parameters:
        - {name: AccountSid, in: path, required: true, schema: {type: string, minLength: 34, maxLength: 34,
            pattern: '^AC[0-9a-fA-F]{32}$'}}
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              title: CreateCallRequest
              required: [To]
              properties:
                To: {type: string, format: endpoint, x-twilio: {pii: {handling: standard}}}
                StatusCallbackEvent: {type: array, items: {type: string}}
      responses: {'201': {content: {application/json: {schema: {type: object,
          properties: {sid: {type: string, nullable: true}}}}}, description: Created}}
  x-webhooks: {a: b}
  /empty:
components: {securitySchemes: {accountSid_authToken: {type: http, scheme: basic}}}
security: [{accountSid_authToken: []}]
"""


def test_lists_of_a_form_repeat_their_name_and_extensions_stand_anywhere(acme: Make) -> None:
    provider = acme(TWILIO)
    sid = "AC" + "0" * 32
    made = call(provider, "create_call", {"AccountSid": sid, "To": "+1", "StatusCallbackEvent": ["a", "b"]})
    assert made.path == f"/2010-04-01/Accounts/{sid}/Calls.json"
    assert made.content() == b"To=%2B1&StatusCallbackEvent=a&StatusCallbackEvent=b"
    assert provider.auth[0].needs == ("username", "password")


AWS = """
paths:
  /#Action=CreateQueue:
    post:
      operationId: POST_CreateQueue
      parameters:
        - {name: Action, in: query, required: true, schema: {type: string, enum: [CreateQueue]}}
      requestBody: {content: {text/xml: {schema: {type: object, properties: {QueueName: {type: string}}}}}}
      responses: {'200': {description: ok, content: {text/xml: {schema: {}}}}}
    parameters: [{$ref: '#/components/parameters/X-Amz-Date'}]
  /{Bucket}/{Key+}?acl:
    get:
      operationId: GetObjectAcl
      parameters:
        - {name: Bucket, in: path, required: true, schema: {type: string}}
        - {name: Key, in: path, required: true, schema: {type: string}}
        - {name: versionId, in: query, schema: {type: string}}
components: {parameters: {X-Amz-Date: {name: X-Amz-Date, in: header, schema: {type: string}}}}
"""


def test_fragments_queries_and_greedy_holes_in_paths(acme: Make) -> None:
    provider = acme(AWS)
    assert call(provider, "POST_CreateQueue", {"Action": "CreateQueue"}).path == "/?Action=CreateQueue"
    made = call(provider, "GetObjectAcl", {"Bucket": "b", "Key": "a/b c", "versionId": "1"})
    assert made.path == "/b/a/b%20c?acl&versionId=1"


GOOGLE = """
paths:
  /v1/{+parent}/videos:annotate:
    post:
      operationId: videointelligence.videos.annotate
      parameters:
        - {name: parent, in: path, required: true, schema: {$ref: '#/components/schemas/A'}}
        - {name: alt, in: query, schema: {$ref: '#/components/schemas/Alt'}}
      requestBody: {$ref: '#/components/requestBodies/Annotate'}
      responses: {'200': {$ref: '#/components/responses/R1'}}
components:
  requestBodies: {Annotate: {content: {application/json: {schema: {$ref: '#/components/schemas/B1'}}}}}
  responses: {R1: {$ref: '#/components/responses/R2'},
      R2: {content: {application/json: {schema: {$ref: '#/components/schemas/B1'}}}}}
  schemas:
    A: {$ref: '#/components/schemas/A2'}
    A2: {$ref: '#/components/schemas/A3'}
    A3: {type: string}
    Alt: {type: string, enum: [json, media]}
    B1: {$ref: '#/components/schemas/B2'}
    B2: {allOf: [{$ref: '#/components/schemas/B3'}, {type: object,
        properties: {more: {$ref: '#/components/schemas/B1'}}}]}
    B3: {type: object, properties: {inputUri: {type: string, format: byte}}, required: [inputUri]}
"""


def test_chains_of_references(acme: Make) -> None:
    used = use(acme(GOOGLE), "videointelligence.videos.annotate")
    inputs = {
        "parent": "projects/p/locations/eu",
        "inputUri": "x",
        "more": {"inputUri": "y", "more": {"inputUri": "z"}},
    }
    assert fits(used, inputs)
    assert not fits(used, {**inputs, "more": {"more": {}}})
    assert encode(used.operation, inputs).path == "/v1/projects/p/locations/eu/videos:annotate"
    assert used.output_names() == {"inputUri", "more"}


JAVA = """
paths:
  /pets:
    post:
      operationId: addPet
      requestBody: {required: true, content: {'*/*': {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'204': {description: none},
          default: {content: {application/json: {schema: {properties: {code: {}}}}}}}
components:
  schemas:
    Pet:
      type: object
      required: [kind]
      properties: {kind: {type: string}, name: {type: string}}
      discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat', dog: Dog}}
      oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
    Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {type: object, properties: {lives: {type: integer}},
        required: [lives]}]}
    Dog: {allOf: [{$ref: '#/components/schemas/Pet'}, {type: object,
        properties: {friend: {$ref: '#/components/schemas/Pet'}}}]}
"""


def test_a_base_that_lists_its_heirs_which_hold_their_base(acme: Make) -> None:
    used = use(acme(JAVA, version="3.0.3"), "addPet")
    assert fits(used, {"kind": "cat", "lives": 9})
    assert not fits(used, {"kind": "cat", "name": "x"})
    assert not fits(used, {"kind": "cow"})
    assert fits(used, {"kind": "dog", "friend": {"kind": "cat", "lives": 1}})
    assert not fits(used, {"kind": "dog", "friend": {"kind": "cat", "lives": "many"}})
    assert not used.operation.answers()


NAMES = """
paths:
  /a: {get: {operationId: list all things}, post: {operationId: Größe ändern}}
  /ж: {get: {operationId: создать}, put: {}}
  /b: {get: {operationId: dup}, post: {operationId: dup}, patch: {operationId: 2fa.enable}}
  /c: {get: {operationId: getThing}, post: {operationId: get_thing}}
"""


def test_every_operation_has_a_name_that_a_manifest_can_write(acme: Make) -> None:
    provider = acme(NAMES)
    assert len(provider.names()) == 9
    assert {"list_all_things", "gro_e_andern", "get_b", "post_b", "getThing", "get_thing"} <= set(
        provider.names()
    )
    assert all(name.isascii() and name[0].isalpha() and " " not in name for name in provider.names())
    assert use(provider, "get_thing").operation.method == "POST"
    assert acme(NAMES).names() == provider.names()


def test_nullable_stands_beside_anything(acme: Make) -> None:
    provider = acme(
        """
paths:
  /a:
    post:
      operationId: a
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                list:
                  type: array
                  items: {nullable: true, allOf: [{$ref: '#/components/schemas/S'}]}
                other: {type: array, items: {nullable: true, $ref: '#/components/schemas/S'}}
                kind: {type: string, nullable: true, enum: [1, two]}
components: {schemas: {S: {type: object, required: [x]}}}
""",
        version="3.0.2",
    )
    used = use(provider, "a")
    assert fits(used, {"list": [None, {"x": 1}], "other": [None, {"x": 1}], "kind": "1"})
    assert not fits(used, {"list": [{}]})
    assert not fits(used, {"other": [{}]})


def test_a_body_that_nobody_can_write_is_refused_where_it_stands(acme: Make) -> None:
    provider = acme(
        "paths:\n  /a:\n    post:\n      operationId: a\n      requestBody:\n"
        "        content: {multipart/mixed: {schema: {type: object, properties: {a: {}}}}}\n"
    )
    with pytest.raises(InvalidInput) as caught:
        use(provider, "a").inputs_schema()
    assert "multipart/mixed" in caught.value.problems[0].message
    assert caught.value.problems[0].where.line == 6


@pytest.mark.parametrize("media", ["audio/wav", "application/octet-stream", "image/*", "application/zip"])
def test_a_body_of_bytes_is_a_local_file(acme: Make, media: str) -> None:
    provider = acme(
        f"paths: {{/a: {{put: {{operationId: a, requestBody: {{content: {{'{media}': {{}}}}}}}}}}}}"
    )
    assert use(provider, "a").operation.files() == {"body"}
    assert use(provider, "a").inputs_schema()["properties"]["body"]["format"] == "binary"


def test_an_operation_on_another_server_is_refused_unless_the_manifest_says_where_to_go(acme: Make) -> None:
    text = (
        "paths:\n  /a: {get: {operationId: a}}\n"
        "  /b: {get: {operationId: b, servers: [{url: 'https://files.acme.test'}]}}\n"
    )
    provider = acme(text)
    assert provider.operation("a").path == "/a"
    with pytest.raises(InvalidInput) as caught:
        provider.operation("b")
    (problem,) = caught.value.problems
    assert "https://files.acme.test" in problem.message
    assert "base_url: https://files.acme.test" in problem.hint
