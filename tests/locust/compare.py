"""Compares CSV files with those of Locust, column by column, as pandas reads them.

compare.py LOCUST_PREFIX KATYDID_PREFIX; prints what differs, and ends with 1.
"""

import re
import sys

import pandas

theirs, ours = sys.argv[1:]
differences = []


def check(condition, *words):
    if not condition:
        differences.append(" ".join(str(word) for word in words))


def raw(prefix, name):
    with open(f"{prefix}_{name}.csv", newline="", encoding="utf-8") as file:
        return file.read()


def table(prefix, name):
    return pandas.read_csv(f"{prefix}_{name}.csv")


def kind(column):
    """Number, text, or nothing at all: decimals are no difference."""
    if column.isna().all():
        return "empty"
    return "number" if pandas.api.types.is_numeric_dtype(column) else "text"


for name in ["stats", "stats_history", "failures", "exceptions"]:
    a, b = raw(theirs, name), raw(ours, name)
    check(a.split("\r\n")[0] == b.split("\r\n")[0], name, "headers:", a.split("\r\n")[0], b.split("\r\n")[0])
    check(b.endswith("\r\n") and "\n" not in b.replace("\r\n", ""), name, "does not end its lines with CRLF")
    a, b = table(theirs, name), table(ours, name)
    for column in a.columns:
        kinds = kind(a[column]), kind(b[column])
        check(kinds[0] == kinds[1], name, column, "is", kinds[1], "instead of", kinds[0])
    print(f"{name}: {len(a.columns)} columns, {len(a)} and {len(b)} rows")

# The same requests, so the same counts and sizes.
a, b = table(theirs, "stats"), table(ours, "stats")
for column in ["Type", "Name", "Request Count", "Failure Count", "Average Content Size"]:
    check(a[column].fillna("").tolist() == b[column].fillna("").tolist(), column, a[column].tolist(), b[column].tolist())
check(b["Name"].iloc[-1] == "Aggregated", "Aggregated is not the last row")
percentiles = [column for column in b.columns if column.endswith("%")]
for _, row in b.iterrows():
    values = [row[column] for column in percentiles]
    check(values == sorted(values), row["Name"], "percentiles do not rise", values)
    check(row["Min Response Time"] <= row["Median Response Time"] <= row["Max Response Time"], row["Name"], "median")
    check(row["Requests/s"] > 0, row["Name"], "has no rate")

a, b = table(theirs, "failures"), table(ours, "failures")
for column in ["Method", "Name", "Occurrences"]:
    check(sorted(a[column]) == sorted(b[column]), "failures", column, a[column].tolist(), b[column].tolist())
for column in ["First Seen", "Last Seen"]:
    both = a[column].tolist() + b[column].tolist()
    check(all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", cell) for cell in both), column, both)

a, b = table(theirs, "exceptions"), table(ours, "exceptions")
check(a["Count"].tolist() == b["Count"].tolist(), "exceptions", a["Count"].tolist(), b["Count"].tolist())
check(b["Nodes"].tolist() == a["Nodes"].tolist(), "nodes", b["Nodes"].tolist())

# One row a second, no second twice; the last has everything.
for prefix in [theirs, ours]:
    history = table(prefix, "stats_history")
    total = history[history["Name"] == "Aggregated"]
    steps = total["Timestamp"].diff().dropna()
    check((steps > 0).all(), prefix, "has a second twice or goes back:", total["Timestamp"].tolist())
    if prefix == ours:
        check((steps == 1).all(), prefix, "leaves seconds out:", total["Timestamp"].tolist())
    check(total["User Count"].iloc[0] == 0, prefix, "does not begin with no users")
    check(total["50%"].isna().iloc[0], prefix, "has percentiles before there are requests")
    stats = table(prefix, "stats").iloc[-1]
    for a, b in [("Request Count", "Total Request Count"), ("Failure Count", "Total Failure Count")]:
        check(stats[a] == total[b].iloc[-1], prefix, a, stats[a], total[b].iloc[-1])
names = [sorted(set(table(prefix, "stats_history")["Name"])) for prefix in [theirs, ours]]
check(names[0] == names[1], "rows in the history:", names)

print("\n".join(differences))
sys.exit(bool(differences))
