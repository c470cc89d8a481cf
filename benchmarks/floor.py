"""The floor: the same calls with the bare `openai` client in its default form, nothing else.

python floor.py w1|w2 LINES CONCURRENCY   (STUB_URL and STUB_KEY in the environment)
Prints the seconds of the calls alone, imports not counted.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from openai import AsyncOpenAI

HERE = Path(__file__).parent


def messages(template: Path, **values: str) -> list[dict[str, str]]:
    """Return the chat messages that the template stands for."""
    text = template.read_text()
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    system, _, user = text.rpartition("# user:\n")
    parts = [("system", system.removeprefix("# system:\n").strip()), ("user", user.strip())]
    return [{"role": role, "content": content} for role, content in parts if content]


async def main() -> None:
    workload, lines, concurrency = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    texts = [json.loads(line)["text"] for line in (HERE / workload / "messages.jsonl").open()]
    client = AsyncOpenAI(base_url=os.environ["STUB_URL"], api_key=os.environ["STUB_KEY"])
    slots = asyncio.Semaphore(concurrency)
    flow = HERE / workload / "flow"

    async def ask(template: str, **values: str) -> str:
        async with slots:
            answer = await client.chat.completions.create(
                model="stub",
                temperature=0,
                messages=messages(flow / template, **values),  # pyright: ignore[reportArgumentType]
            )
        return answer.choices[0].message.content or ""

    async def chain(text: str, style: str) -> None:
        summary = await ask(f"summarise_{style}.jinja2", text=text)
        async with asyncio.TaskGroup() as group:
            for way in ("direct", "reasoned"):
                group.create_task(ask(f"classify_{way}.jinja2", summary=summary))

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for text in texts[:lines]:
            if workload == "w1":
                group.create_task(ask("classify.jinja2", text=text))
            else:
                for style in ("short", "plain", "long"):
                    group.create_task(chain(text, style))
    print(time.perf_counter() - started)


asyncio.run(main())
