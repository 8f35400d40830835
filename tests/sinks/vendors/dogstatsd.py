"""Emits metrics and events as the client of the datadog package does.

In: a JSON array of {kind, name, value, tags} and {event, title, text, at, key, type, tags}. Out: the lines that the client
sends for these calls.
"""
import json
import socket
import sys

from datadog.dogstatsd.base import DogStatsd

agent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
agent.bind(("127.0.0.1", 0))
agent.settimeout(10)
client = DogStatsd(host="127.0.0.1", port=agent.getsockname()[1], disable_telemetry=True, origin_detection_enabled=False)
calls = {"c": client.increment, "g": client.gauge, "d": client.distribution}
lines = []
for call in json.load(sys.stdin):
    if "event" in call:
        client.event(call["title"], call["text"], alert_type=call["type"], aggregation_key=call["key"],
                     date_happened=call["at"], tags=call["tags"])
    else:
        calls[call["kind"]](call["name"], call["value"], tags=call["tags"])
    lines.append(agent.recv(65_536).decode().removesuffix("\n"))
json.dump(lines, sys.stdout)
