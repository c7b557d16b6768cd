import json
from collections.abc import Callable

import jsonschema
import pytest

from runner.api.catalogue import Catalogue, load_provider
from runner.api.openapi.schemas import schema_names, schema_text
from runner.api.provider import Provider
from runner.api.vocabulary.lifedata import Condition, Download, Identity, Page, Resource, Settle
from runner.model.errors import InvalidInput

Make = Callable[..., Provider]

PATHS = """
paths:
  /orders: {get: {operationId: listOrders, parameters: [&q {name: page, in: query}, {<<: *q, name: pageSize}, \
{<<: *q, name: clientRef}, {<<: *q, name: ids}]}, post: {operationId: createOrder, requestBody: {content: \
{application/json: {schema: {type: object, properties: {ref: {}, notification: {}, parts: {}}}}}}}}
  '/orders/{id}': {get: {operationId: getOrder}, delete: {operationId: dropOrder}}
"""


def test_the_schema_of_x_runner_is_a_schema() -> None:
    schema = json.loads(schema_text("x-runner.schema.json"))

    assert (
        list(jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA).iter_errors(schema))
        == []
    )


@pytest.mark.parametrize("name", schema_names("providers"))
def test_every_shipped_document_passes_as_if_a_stranger_had_written_it(name: str) -> None:
    stem = name.split("/")[-1].split(".")[0]
    provider = load_provider(stem, schema_text(name), name)
    for id in provider.index:
        assert provider.operation(id).id == id


def test_the_lifecycle_of_a_dubformer_project() -> None:
    project = Catalogue().provider("dubformer").resources["project"]
    assert project.effect == "paid"
    assert project.repeat == "unsafe"
    assert project.id == Identity("$response.body#/project_id")
    assert project.delivery.contract == "find+key"
    assert project.delivery.key is not None
    assert not project.delivery.key.documented
    assert project.delivery.find is not None
    assert set(project.delivery.find.compare) == {"source_lang", "target_lang"}
    assert project.delivery.settle == Settle(120.0, 30.0)
    assert set(project.downloads) == {"video", "audio"}
    assert set(project.outputs) == {"source_script", "target_script", "speakers"}
    assert project.cost is not None
    assert project.cost.unit == "minutes"
    assert project.wait.every == (15.0, 600.0)


def test_a_translation_is_free_and_still_not_sent_twice() -> None:
    translation = Catalogue().provider("dubformer").resources["translation"]
    assert (translation.effect, translation.repeat, translation.of) == ("free", "unsafe", "project")
    assert translation.fresh is not None
    assert translation.fresh.within == 600.0
    assert translation.validate is not None
    assert Condition(at="$response.body#/error", present=True) in translation.validate.refused


def test_the_bulk_of_a_revoice_batch() -> None:
    bulk = Catalogue().provider("revoice").resources["batch"].bulk
    assert bulk is not None
    assert (bulk.size, bulk.field, bulk.same) == (1000, "/scriptPath", ("projectId", "settings"))
    assert bulk.settle == Settle(900.0, 30.0)
    assert bulk.rows is not None
    assert bulk.rows.list.page == Page("page", "page", 1, "limit", 1000, end="empty")
    assert bulk.progress is not None
    assert bulk.progress.done == ("100", "100%")


def test_a_list_that_nobody_calls_whole_is_not() -> None:
    assert not Catalogue().provider("revoice").lists["batches"].whole


def test_the_whole_vocabulary_becomes_types(acme: Make) -> None:
    provider = acme(
        PATHS
        + r"""
x-runner:
  version: 1
  errors: {code: $response.body#/code, safe: [503], help: {"10007": check the link}}
  lists:
    orders:
      operation: listOrders
      items: "$.orders[*]"
      id: $item#/number
      page: {kind: page, param: page, first: 0, size: pageSize, max: 100, total: $response.body#/total}
      order: newest
      whole: true
      ids: {param: ids, max: 50}
      mark: clientRef
  resources:
    order:
      create: {operation: createOrder, media: {application/json: [], application/xml: [format=xml]}}
      read: {operation: getOrder, send: {id: $id}}
      id: {at: $response.header.Location, match: "([^/]+)/?$"}
      effect: paid
      errors: {code: $response.body#/order_code}
      parts: {request: /parts, response: "$.parts[*]", id: $part#/id, read: {operation: getOrder, send: {id: $part.id}}}
      status: {at: $response.body#/status, fold: true, ready: [{at: $response.body#/status, in: [complete]}]}
      delivery:
        key: {header: Key, life: 24h, replay: same_answer}
        webhook: {field: /ref, window: 10m, limit: {max: 256}}
      webhook: {field: /notification/url, set: {/notification/type: Json}, id: $request.body#/number}
      downloads:
        transcript: {each: "$.attachments[*]", where: {kind: [transcript]}, operation: getOrder, send: {id: $item#/id},
                     accept: {.txt: text/plain}, name: $item#/name}
      outputs: {text: {download: transcript, as: .txt}, first: "$.parts[0]"}
      cost: {unit: USD, paid: $response.body#/price, on: read}
  actions:
    drop: {operation: dropOrder, effect: free, delivery: {settle: {effect: 1s, lag: 500ms}}}
  lookups:
    orders: {list: orders}
    order: {operation: getOrder, volatile: true, outputs: {n: $response.body#/number}}
"""
    )
    order = provider.resources["order"]
    assert isinstance(order, Resource)
    assert order.errors is not None
    assert order.errors.code == "$response.body#/order_code"
    assert order.create is not None
    assert order.create.media == {"application/json": (), "application/xml": ("format=xml",)}
    assert order.id == Identity("$response.header.Location", "([^/]+)/?$")
    assert order.delivery.contract == "key+webhook"
    assert order.delivery.key is not None
    assert order.delivery.key.life == 86400.0
    assert order.delivery.webhook is not None
    assert order.delivery.webhook.window == 600.0
    assert order.parts is not None
    assert order.cost is not None
    assert order.cost.on == "read"
    assert order.downloads["transcript"] == Download(
        "transcript",
        each="$.attachments[*]",
        where={"kind": ("transcript",)},
        operation="getOrder",
        send={"id": "$item#/id"},
        accept={".txt": "text/plain"},
        file_name="$item#/name",
    )
    orders = provider.lists["orders"]
    assert (orders.whole, orders.order, orders.ids, orders.mark) == (True, "newest", ("ids", 50), "clientRef")
    assert provider.errors.safe == (503,)
    assert provider.actions["drop"].repeat == "safe"
    assert provider.actions["drop"].delivery.settle.lag == 0.5
    assert provider.lookups["order"].volatile
    assert provider.lookups["orders"].list == "orders"


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("resources: {o: {effect: free, create: {operation: nope}}}", "the document has no operation nope"),
        ("resources: {o: {effect: free, wait: {list: nope}}}", "there is no list nope"),
        ("lookups: {o: {list: nope}}", "there is no list nope"),
        ("resources: {o: {effect: free, of: nope}}", "there is no resource nope"),
        (
            "resources: {o: {effect: free, outputs: {t: {download: nope}}}}",
            "the resource has no download nope",
        ),
        ("resources: {o: {effect: free, outputs: {t: '$.a['}}}", "is no JSONPath"),
        ("resources: {o: {effect: free, id: {at: $id, match: '('}}}", "no regular expression"),
        ("resources: {o: {effect: free, id: {at: $id, match: 'a'}}}", "needs a group"),
        (
            "auth: [{with: [a], session: {login: {operation: getOrder, send: {id: $auth.b}}}}]",
            "b is not among",
        ),
        (
            "auth: [{with: [a], session: {login: {operation: getOrder},"
            " refresh: {operation: getOrder, send: {id: $session.x}}}}]",
            "x is not among what the session keeps",
        ),
        ("resources: {o: {effect: free, read: {operation: getOrder, send: {ide: $id}}}}", "has no input ide"),
        ("resources: {o: {effect: free, delete: {operation: createOrder, many: /ids}}}", "has no input ids"),
        (
            "lists: {l: {operation: listOrders, items: $.a, id: $item#/id, page: {kind: page, param: p}}}",
            "listOrders has no input p",
        ),
        (
            "lists: {l: {operation: listOrders, items: $.a, id: $item#/id, page: {kind: none}, mark: m}}",
            "listOrders has no input m",
        ),
        (
            "resources: {o: {effect: free, create: {operation: createOrder},"
            " delivery: {webhook: {field: /reff, window: 1m}}}}",
            "createOrder has no input reff",
        ),
        (
            "resources: {o: {effect: free, create: {operation: createOrder}, exclusive: [$request.path.id]}}",
            "createOrder has no input id",
        ),
        ("resources: {o: {}}", "'effect' is a required property"),
        ("resources: {o: {effect: cheap}}", "is not one of"),
        ("resources: {o: {effect: free, id: response.body}}", "resources/o/id"),
        ("resources: {o: {effect: free, wait: {every: [15s]}}}", "too short"),
        ("actions: {o: {operation: getOrder, effect: free, tea: 1}}", "'tea' was unexpected"),
        ("errors: {refused: [{at: $response.body#/a}]}", "errors/refused/0"),
    ],
)
def test_what_leads_nowhere_is_a_problem_with_a_place(acme: Make, rest: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        acme(PATHS + "x-runner:\n  version: 1\n  " + rest + "\n")
    (problem,) = caught.value.problems
    assert said in problem.message
    assert problem.where.line == 10
