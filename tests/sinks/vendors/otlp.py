"""Reads OTLP requests with OpenTelemetry's own protobufs. In: a JSON array of bodies (base64, gzip). Out: for each, its
resource and points, in which times of histograms are counted from their buckets.
"""
import base64
import gzip
import json
import sys

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

documents = []
for body in json.load(sys.stdin):
    request = ExportMetricsServiceRequest()
    request.ParseFromString(gzip.decompress(base64.b64decode(body)))
    known = ExportMetricsServiceRequest()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    assert known.SerializeToString() == request.SerializeToString(), "fields that the definitions do not have"
    [of_resource] = request.resource_metrics
    [of_scope] = of_resource.scope_metrics
    points = []
    for metric in of_scope.metrics:
        kind = metric.WhichOneof("data")
        data = getattr(metric, kind)
        for point in data.data_points:
            found = {"name": metric.name, "unit": metric.unit, "kind": kind, "start": point.start_time_unix_nano,
                     "time": point.time_unix_nano, "temporality": getattr(data, "aggregation_temporality", 0),
                     "labels": {label.key: label.value.string_value for label in point.attributes}}
            if kind == "exponential_histogram":
                base = 2 ** (2 ** -point.scale)
                first = base ** point.positive.offset
                found |= {"count": point.count, "sum": point.sum, "min": point.min, "max": point.max, "scale": point.scale,
                          "counted": sum(point.positive.bucket_counts) + point.zero_count, "from": first,
                          "to": first * base ** len(point.positive.bucket_counts)}
            else:
                found["value"] = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
            points.append(found)
    resource = {label.key: label.value.string_value for label in of_resource.resource.attributes}
    documents.append({"resource": resource, "scope": of_scope.scope.name, "points": points})
json.dump(documents, sys.stdout)
