"""Parses a page of metrics with Prometheus' own parser: a JSON array of families with their samples."""

import json
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

parse = openmetrics if sys.argv[1] == "openmetrics" else parser
families = parse.text_string_to_metric_families(sys.stdin.read())
print(json.dumps([
    {"name": family.name, "type": family.type, "help": family.documentation,
     "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples]}
    for family in families
]))
