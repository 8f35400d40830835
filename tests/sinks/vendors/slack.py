"""Validates messages for Slack with the models of slack_sdk, which know the limits of Block Kit.

In: a JSON array of bodies. Out: a JSON array with the types of the blocks of each.
"""
import json
import sys

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, SectionBlock

found = []
for body in json.load(sys.stdin):
    assert set(body) <= {"text", "blocks"}, body.keys()
    assert 0 < len(body["text"]) <= 4_000, body
    assert "<!" not in body["text"] and "<@" not in body["text"], "text from elsewhere mentions nobody"
    blocks = body.get("blocks", [])
    assert len(blocks) <= 50, len(blocks)
    parsed = Block.parse_all(blocks)
    for block, given in zip(parsed, blocks, strict=True):
        assert isinstance(block, (HeaderBlock, SectionBlock, ContextBlock)), given
        # to_dict validates, and drops what it does not know.
        assert block.to_dict() == given, (block.to_dict(), given)
        for text in [given.get("text"), *given.get("fields", []), *given.get("elements", [])]:
            assert text is None or text["type"] == "plain_text" or not any(m in text["text"] for m in ("<!", "<@")), text
            assert text is None or 0 < len(text["text"]) <= (3_000 if text is given.get("text") else 2_000), text
    found.append([block.type for block in parsed])
json.dump(found, sys.stdout)
