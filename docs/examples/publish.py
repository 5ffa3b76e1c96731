"""Publishes one article to Courant's bus as JSON. Usage: publish.py URL-OF-NATS-SERVER

Needs the package nats-py.
"""

import asyncio
import json
import sys
from datetime import datetime, timezone

import nats

ARTICLE = {
    "url": "https://example.com/harbour",
    "title": "Harbour reopens",
    "text": "The harbour reopened on Monday after divers had cleared the wreck of a fishing boat.",
    "submission_id": "python-1",
    "observed_at": datetime.now(timezone.utc).isoformat(),
}


async def main():
    connection = await nats.connect(sys.argv[1])
    headers = {"Content-Type": "application/json", "Nats-Msg-Id": ARTICLE["submission_id"]}
    kept = await connection.jetstream().publish(
        "courant.entry.submitted", json.dumps(ARTICLE).encode(), headers=headers
    )
    print(f"kept as message {kept.seq} of {kept.stream}")
    await connection.close()


asyncio.run(main())
