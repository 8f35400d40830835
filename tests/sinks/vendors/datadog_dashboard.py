"""Reads a dashboard with the model of datadog-api-client. In: the document. Out: the queries of its widgets."""
import json
import sys

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v1.model.dashboard import Dashboard

text = sys.stdin.read()
dashboard = ApiClient(Configuration()).deserialize(text, (Dashboard,), True)
assert not dashboard._unparsed, dashboard
assert set(json.loads(text)) <= set(dashboard.openapi_types)
queries = []
for widget in dashboard.widgets:
    assert not widget.definition._unparsed, widget
    for request in widget.definition.requests:
        assert not request._unparsed, request
        queries += [query.query for query in request.queries]
json.dump(queries, sys.stdout)
