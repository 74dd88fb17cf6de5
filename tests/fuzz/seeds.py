#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets, from the golden files of the project: seeds/TARGET/NAME.

What fuzzing has found is beside them, as seeds/TARGET/found-NAME, and stays.
"""

import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ITEMS = ROOT / "chatkit/src/testing/items.json"


def line(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(target, name, text):
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def ours(params):
    """The ids of a recorded request, as those of the thread that each run begins with."""
    if isinstance(params, list):
        return [ours(entry) for entry in params]
    if not isinstance(params, dict):
        return params
    ids = {"thread_id": "thr_1", "item_id": "msg_1", "item_ids": ["msg_1", "msg_2"]}
    return {key: ids.get(key, ours(value)) if value else value for key, value in params.items()}


def requests():
    recorded = json.loads((ROOT / "tests/fixtures/client-requests.json").read_text())
    for number, request in enumerate(recorded):
        request["params"] = ours(request["params"])
        yield f"{number:02}-{request['type']}", request
    message = [
        {"type": "input_text", "text": "hi \u00e9"},
        {"type": "input_tag", "id": "1", "text": "t", "data": {"a": [1, None]}},
    ]
    options = {"model": "m1", "tool_choice": {"id": "x"}}
    thread = {"thread_id": "thr_1"}
    widget = {"type": "Card", "children": [{"type": "Input", "name": "todo.title", "defaultValue": "x"}]}
    answers = {"q": {"values": ["a"], "skipped": False}, "why": {"values": ["b"], "skipped": False}}
    more = {
        "tags": ("threads.create", {"input": {"content": message, "quoted_text": "q", "attachments": ["atc_1"], "inference_options": options}}),
        "answers": ("threads.add_structured_input", thread | {"item_id": "inp_1", "input": {"status": "answered", "answers": answers}}),
        "retry": ("threads.retry_after_item", thread | {"item_id": "msg_2"}),
        "output": ("threads.add_client_tool_output", thread | {"result": {"ok": True, "n": -1.5e300}}),
        "action": ("threads.custom_action", thread | {"item_id": None, "action": {"type": "a", "payload": {"todo": {"title": "x"}}}}),
        "widget": ("threads.custom_action", thread | {"item_id": "wid_1", "action": {"type": "a", "payload": widget}}),
        "form": ("threads.sync_custom_action", thread | {"item_id": "wid_1", "action": {"type": "a", "payload": {"todo": {"title": "x"}}}}),
        "items": ("items.list", thread | {"limit": 2, "order": "desc", "after": "hid_1"}),
        "thread": ("threads.get_by_id", thread),
        "title": ("threads.update", thread | {"title": "T"}),
        "delete": ("threads.delete", thread),
        "attachment": ("attachments.create", {"name": "a.txt", "size": 18446744073709551615, "mime_type": "text/plain"}),
        "attachment-preview": ("attachments.get_preview", {"attachment_id": "atc_1"}),
        "attachment-gone": ("attachments.delete", {"attachment_id": "atc_1"}),
        "audio": ("input.transcribe", {"audio_base64": "aGk=", "mime_type": "audio/webm;codecs=opus"}),
    }
    for name, (kind, params) in more.items():
        yield name, {"type": kind, "params": params}


def events():
    """The events of answers with text, a tool call, reasoning, an image, and of failures."""
    message = {"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "Hi", "annotations": []}]}
    call = {"type": "function_call", "id": "f1", "call_id": "c1", "name": "echo", "arguments": '{"text":"x"}', "status": "completed"}
    thought = {"type": "reasoning", "id": "r1", "summary": [{"type": "summary_text", "text": "Hm"}]}
    image = {"type": "image_generation_call", "id": "i1", "status": "completed", "result": "aGk="}
    part = {"item_id": "m1", "output_index": 0, "content_index": 0}
    url = {"type": "url_citation", "url": "https://example.com", "title": "E", "start_index": 0, "end_index": 1}

    def item(done, item):
        return {"type": f"response.output_item.{'done' if done else 'added'}", "output_index": 0, "item": item}

    def end(kind, output, **fields):
        return {"type": f"response.{kind}", "response": {"id": "resp_1", "status": kind, "output": output} | fields}

    created = {"type": "response.created", "response": {"id": "resp_1", "output": []}}
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    yield "text", [
        created, item(False, message | {"content": []}),
        {"type": "response.content_part.added", "part": {"type": "output_text", "text": "", "annotations": []}} | part,
        {"type": "response.output_text.delta", "delta": "Hi"} | part,
        {"type": "response.output_text.annotation.added", "annotation_index": 0, "annotation": url} | part,
        {"type": "response.output_text.done", "text": "Hi"} | part,
        item(True, message), end("completed", [message], usage=usage),
    ]
    yield "call", [
        created, item(False, call | {"arguments": ""}),
        {"type": "response.function_call_arguments.delta", "item_id": "f1", "output_index": 0, "delta": "{}"},
        item(True, call), end("completed", [call]),
    ]
    yield "thought", [
        item(False, thought | {"summary": []}),
        {"type": "response.reasoning_summary_text.delta", "item_id": "r1", "output_index": 0, "summary_index": 0, "delta": "Hm"},
        {"type": "response.reasoning_summary_text.done", "item_id": "r1", "output_index": 0, "summary_index": 0, "text": "Hm"},
        item(True, thought), item(False, message | {"content": []}), item(True, message), end("completed", [thought, message]),
    ]
    yield "incomplete", [item(True, thought), end("incomplete", [thought], incomplete_details={"reason": "max_output_tokens"})]
    yield "image", [
        item(False, {"type": "image_generation_call", "id": "i1", "status": "in_progress"}),
        {"type": "response.image_generation_call.partial_image", "item_id": "i1", "output_index": 0, "partial_image_index": 0, "partial_image_b64": "aGk="},
        item(True, image), end("completed", [image]),
    ]
    yield "failed", [created, end("failed", [], error={"code": "server_error", "message": "no"})]
    yield "error", [{"type": "error", "code": "x", "message": "no", "param": None}]
    yield "nested-error", [{"type": "error", "error": {"type": "x", "code": "y", "message": "no"}}]


def streams():
    yield "names", "event: response.created\ndata: 1\n\nevent: x\ndata: 2\n\n"
    yield "fields", "\ufeffdata: first\ndata:second\ndata\n\n: keep-alive\n\nid: 7\nretry: 10\n\n"
    yield "line-ends", "data: a\r\n\r\ndata: b\r\rdata: c\n\r\n"
    yield "done", "data: [DONE]\n\n"
    yield "unicode", ": \u00e9\ndata: \"\U0001f980\"\n\nevent:\ndata:\n\n"


def widgets():
    yield "item.widget", [json.loads(ITEMS.read_text())["widget"]["widget"]]
    text = lambda value: {"type": "Text", "id": "t", "value": value}
    card = lambda *children: {"type": "Card", "children": list(children)}
    yield "grows", [card(text("a")), card(text("ab\u00e9")), card(text("b"))]
    yield "same-id", [card(text("a"), text("a")), card(text("a"), text("ab"))]
    yield "numbers", [card({"type": "Box", "gap": 1}), card({"type": "Box", "gap": 1.0})]
    yield "one-child", [{"type": "Basic", "children": text("a")}, {"type": "Basic", "children": text("ab")}]
    form = {"type": "Form", "onSubmitAction": {"type": "save", "payload": {"id": 1}}, "children": [
        {"type": "Input", "name": "todo.title"}, {"type": "Select", "name": "s", "options": [{"label": "A", "value": "a"}]},
        {"type": "Checkbox", "name": "c"}, {"type": "DatePicker", "name": "d"}, {"type": "Text", "value": "x", "editable": {"name": "e"}}]}
    yield "form", [card(form), {"todo": {"title": "x"}, "s": "a", "c": True, "d": "2026-01-02", "e": 1.5}]


def templates():
    folders = ["chatkit-macros/tests/compiles", "chatkit-macros/tests/ui/widget_template", "chatkit/tests/templates"]
    for path in sorted(path for folder in folders for path in (ROOT / folder).glob("*.widget")):
        try:
            yield path.stem, json.loads(path.read_text())["template"], {"title": "x", "entries": []}
        except (KeyError, ValueError):
            pass
    yield "loop", '{"type":"ListView","children":[{% for i in items %}{"type":"ListViewItem","children":[{"type":"Text","value":{{ i.name | tojson }}}]}{% if not loop.last %},{% endif %}{% endfor %}]}', {"items": [{"name": "a"}, {"name": "\u00e9"}]}
    yield "macro", '{% macro text(v) %}{"type":"Text","value":{{ v | tojson }}}{% endmacro %}{"type":"Card","children":[{{ text(a) }}]}', {"a": "x"}
    yield "filters", '{% set n = a | length %}{"type":"Basic","gap":{{ n + 1 }},"x":{{ (b | upper | trim) | tojson }},"y":{{ (c ~ None) | tojson(indent=2) }}}', {"a": [1, 2], "b": " x ", "c": 1.5}
    yield "plain", '{"type":"Card"}', None


def uploads():
    form = "multipart/form-data; boundary=XX"

    def part(disposition, content, mime_type=None):
        kind = f"Content-Type: {mime_type}\r\n" if mime_type else ""
        head = f"--XX\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n"
        return head.encode() + content + b"\r\n"

    end = b"--XX--\r\n"
    file = 'name="file"; filename="a.txt"'
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    yield "taken-text", form, part(file, "Gr\u00fc\u00dfe".encode(), "text/plain;charset=utf-8") + end
    yield "taken-image", form, part('name="file"; filename="cat.png"', png, "image/png") + end
    yield "taken-untyped", form, part(file, b"\0\xff\r\n--X\r\n--") + end
    yield "taken-empty", form, part(file, b"", "text/plain") + end
    yield "taken-among", form, b"preamble\r\n" + part('name="note"', b"hello") + part(file, b"{}", "application/json") + part("name=more", b"x") + end + b"epilogue"
    yield "taken-names", 'Multipart/Form-Data; charset=utf-8; boundary="X X"', b'--X X \t\r\ncontent-disposition: form-data; filename="../a\\"%22\xe2\x80\xae.txt"; name=file\r\n\r\nx\r\n--X X--'
    yield "refused-type", form, part('name="file"; filename="cat.png"', b"GIF89a", "image/png") + end
    yield "refused-text", form, part(file, b"\xc3", "text/plain") + end
    yield "refused-form", form, part("name=note", b"hello") + end
    yield "refused-cut", form, part(file, b"cut", "text/plain")
    yield "refused-end", form, b"--XXY"
    yield "refused-boundary", "multipart/form-data", end


for folder in (HERE / "seeds").glob("*"):
    for old in folder.iterdir():
        if not old.name.startswith("found-"):
            old.unlink()
all_requests = dict(requests())
for name, request in all_requests.items():
    write("requests", name, line(request))
    write("processing", name, line(request))
write("processing", "sequence", "\n".join(line(all_requests[name]) for name in ["answers", "output", "widget", "form", "items", "retry", "thread"]))
for name, stream in streams():
    write("event_streams", name, "\x04" + stream)
for name, stream in events():
    text = "".join(f"data: {line(event)}\n\n" for event in stream)
    write("answers", name, text)
    write("event_streams", name, "\x07" + text)
for name, states in widgets():
    write("widgets", name, "\n".join(map(line, states)))
for name, template, data in templates():
    write("templates", name, f"{template}\n{line(data)}")
for name, content_type, body in uploads():
    write("multipart", name, b"\x05" + f"{content_type}\n".encode() + body)
