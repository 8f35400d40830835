"""Reads requests for Datadog's intake with the models of datadog-api-client, which refuse what the API does not know.

In: a JSON array of {path, encoding, body (base64)}. Out: the documents, in the same order.
"""
import base64
import gzip
import json
import sys
import zlib

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v1.model.distribution_points_payload import DistributionPointsPayload
from datadog_api_client.v1.model.event_create_request import EventCreateRequest
from datadog_api_client.v2.model.metric_payload import MetricPayload

MODELS = {
    "/api/v2/series": MetricPayload,
    "/api/v1/distribution_points": DistributionPointsPayload,
    "/api/v1/events": EventCreateRequest,
}
UNPACK = {"gzip": gzip.decompress, "deflate": zlib.decompress, "": bytes}
client = ApiClient(Configuration())


def known(value):
    """Fails for members that no model has, and for values of enumerations that are unknown."""
    if isinstance(value, list):
        return all(map(known, value))
    if not hasattr(value, "_data_store"):
        return True
    assert not value._unparsed, value
    attributes = set(value.openapi_types)
    assert set(value._data_store) <= attributes | {"value"}, set(value._data_store) - attributes
    return all(map(known, value._data_store.values()))


documents = []
for request in json.load(sys.stdin):
    text = UNPACK[request["encoding"]](base64.b64decode(request["body"])).decode()
    model = client.deserialize(text, (MODELS[request["path"]],), True)
    assert known(model)
    documents.append(json.loads(text))
json.dump(documents, sys.stdout)
