"""Uses MCP with the official Python library, by both specifications. Usage: use_mcp.py BASE"""

import asyncio
import json
import sys

from mcp import Client

# The initialization of 2025-11-25, and the newest specification that both sides speak.
MODES = {"legacy": "2025-11-25", "auto": "2026-07-28"}


async def use(base, mode, version):
    async with Client(f"{base}/mcp", mode=mode, read_timeout_seconds=60) as client:
        assert client.protocol_version == version, client.protocol_version
        tools = [tool.name for tool in (await client.list_tools()).tools]
        assert "search_articles" in tools and len(tools) <= 18, tools
        found = await client.call_tool("search_articles", {"query": "city", "mode": "text"})
        assert not found.is_error and found.structured_content["total"] > 0, found
        assert "_notice" in json.loads(found.content[0].text), found
        link = next(part for part in found.content if part.type == "resource_link")
        assert (await client.read_resource(link.uri)).contents
        prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
        assert "brief_me" in prompts, prompts
        refused = await client.call_tool("get_article", {"id": "nothing"})
        assert refused.is_error, refused


async def main(base):
    for mode, version in MODES.items():
        await use(base, mode, version)


asyncio.run(main(sys.argv[1]))
