"""Writes rows.json: what the sample store of the Python SDK puts into its tables.

    python -m venv venv && venv/bin/pip install openai-chatkit==1.6.5
    venv/bin/python rows.py > rows.json
"""

import json
import sys
from datetime import datetime, timedelta

from chatkit.types import (
    Annotation, AssistantMessageContent, AssistantMessageItem, ClientToolCallItem, CustomTask, EndOfTurnItem,
    FileAttachment, GeneratedImage, GeneratedImageItem, HiddenContextItem, InferenceOptions, LockedStatus,
    SDKHiddenContextItem, TaskItem, ThoughtTask, ThreadMetadata, URLSource,
    UserMessageItem, UserMessageTextContent, WidgetItem, Workflow, WorkflowItem,
)
from chatkit.widgets import Card, Text

start = datetime(2025, 3, 1, 12, 0, 0, 123456)  # as datetime.now(): without a zone


def at(seconds):
    return start + timedelta(seconds=seconds)


common = lambda n, seconds: dict(id=f"item_{n}", thread_id="thr_ann", created_at=at(seconds))
items = [
    UserMessageItem(
        **common(0, 0),
        content=[UserMessageTextContent(text="Hello ä 日本")],
        attachments=[FileAttachment(id="atc_1", name="a.txt", mime_type="text/plain")],
        inference_options=InferenceOptions(model="m"),
        quoted_text="said",
    ),
    WorkflowItem(**common(1, 1), workflow=Workflow(type="custom", tasks=[ThoughtTask(title="Hm", content="…")])),
    AssistantMessageItem(
        **common(2, 2),
        content=[AssistantMessageContent(text="Hi", annotations=[Annotation(source=URLSource(title="T", url="https://example.com"), index=2)])],
    ),
    WidgetItem(**common(3, 3), widget=Card(children=[Text(value="x")]), copy_text="x"),
    ClientToolCallItem(**common(4, 3), status="completed", call_id="c", name="pick", arguments={"a": 1}, output={"b": [2.5]}),
    TaskItem(**common(5, 3), task=CustomTask(title="Look")),
    GeneratedImageItem(**common(6, 4), image=GeneratedImage(id="img", url="data:image/png;base64,AAAA")),
    HiddenContextItem(**common(7, 5), content={"k": "v"}),
    SDKHiddenContextItem(**common(8, 6), content="note"),
    EndOfTurnItem(**common(9, 7)),
]
threads = [
    ("ann", ThreadMetadata(id="thr_ann", created_at=at(0), title="Ann's", metadata={"n": 1})),
    ("bob", ThreadMetadata(id="thr_bob", created_at=at(0), status=LockedStatus(reason="lunch"))),
]
json.dump(
    {
        "threads": [{"id": t.id, "user_id": user, "created_at": t.created_at.isoformat(), "data": t.model_dump(mode="json")} for user, t in threads],
        "items": [
            {"id": i.id, "thread_id": i.thread_id, "user_id": "ann", "created_at": i.created_at.isoformat(), "data": i.model_dump(mode="json")}
            for i in items
        ],
    },
    sys.stdout,
    indent=1,
    ensure_ascii=False,
)
