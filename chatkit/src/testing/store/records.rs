//! Rules about single records: what was saved is what comes back.

use std::sync::Arc;

use serde_json::json;

use super::{Fixture, at, strings};
use crate::store::Store;
use crate::testing::{Outcome, broken, not_found as absent, ok, same};
use crate::types::{
    Attachment, FileAttachment, HiddenContextItem, JsonObject, Order, Page, ThreadItem,
    ThreadStatus,
};
use chrono::TimeDelta;

pub(super) async fn threads_round_trip<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    let mut saved = t.thread("t", at(0) + TimeDelta::microseconds(123_456));
    saved.title = Some("Holidays".into());
    saved.status = ThreadStatus::locked("closed for lunch");
    saved.metadata.insert("step".into(), json!({"n": [1, 2.5]}));
    ok("save_thread", t.store.save_thread(&saved, &t.ann).await)?;
    let loaded = ok("load_thread", t.store.load_thread(&saved.id, &t.ann).await)?;
    same("load_thread", &loaded, &saved)
}

pub(super) async fn threads_are_replaced_in_place<C: Send + Sync + 'static>(
    t: Arc<Fixture<C>>,
) -> Outcome {
    t.save_threads(&[("a", 0), ("b", 0), ("c", 0)]).await?;
    t.add_items("a", &[("i", 0)]).await?;
    // Also when its time has changed.
    let mut changed = t.thread("a", at(100));
    changed.title = Some("new".into());
    ok(
        "save_thread again",
        t.store.save_thread(&changed, &t.ann).await,
    )?;
    let page = t.store.load_threads(10, None, Order::Asc, &t.ann).await;
    let page = ok("load_threads", page)?;
    same(
        "load_threads after a was saved again",
        &t.thread_names(&page),
        &strings(&["a", "b", "c"]),
    )?;
    same("the thread a in the page", &page.data[0], &changed)?;
    let items = t.items("a", &t.ann).await?;
    same(
        "the items of a, after it was saved again",
        &t.names(&items),
        &strings(&["i"]),
    )
}

pub(super) async fn items_round_trip<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    let thread = t.id("t");
    let hidden = HiddenContextItem::new(t.id("h"), &thread, json!({"z": 1, "a": [null, true]}));
    let saved = [t.item("t", "i", at(1), "hello"), hidden.into()];
    for item in &saved {
        ok(
            "add_thread_item",
            t.store.add_thread_item(&thread, item, &t.ann).await,
        )?;
        let loaded = t.store.load_item(&thread, item.id(), &t.ann).await;
        same("load_item", &ok("load_item", loaded)?, item)?;
    }
    same(
        "load_thread_items",
        &t.items("t", &t.ann).await?,
        &Page::last(saved.to_vec()),
    )
}

pub(super) async fn items_of_every_kind<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    let thread = t.id("t");
    for (n, item) in crate::testing::items().iter().enumerate() {
        let mut fields = json!(item);
        fields["id"] = json!(t.id(&format!("i{n}")));
        fields["thread_id"] = json!(thread);
        fields["created_at"] = json!("2024-02-29T12:34:56.789012Z");
        let item: ThreadItem = serde_json::from_value(fields)
            .map_err(|error| broken("the check's own item", "an item", error.to_string()))?;
        ok("save_item", t.store.save_item(&thread, &item, &t.ann).await)?;
        let loaded = t.store.load_item(&thread, item.id(), &t.ann).await;
        same("load_item", &ok("load_item", loaded)?, &item)?;
    }
    Ok(())
}

pub(super) async fn items_are_replaced_in_place<C: Send + Sync + 'static>(
    t: Arc<Fixture<C>>,
) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    t.add_items("t", &[("a", 0), ("b", 0), ("c", 0)]).await?;
    // Also when their times have changed.
    let saved = t.item("t", "a", at(100), "saved");
    ok(
        "save_item again",
        t.store.save_item(&t.id("t"), &saved, &t.ann).await,
    )?;
    let added = t.item("t", "b", at(200), "added");
    ok(
        "add_thread_item again",
        t.store.add_thread_item(&t.id("t"), &added, &t.ann).await,
    )?;
    let page = t.items("t", &t.ann).await?;
    same(
        "the items, after a and b were replaced",
        &t.names(&page),
        &strings(&["a", "b", "c"]),
    )?;
    same("the items a and b", &&page.data[..2], &&[saved, added][..])
}

pub(super) async fn one_item_id_in_two_threads<C: Send + Sync + 'static>(
    t: Arc<Fixture<C>>,
) -> Outcome {
    t.save_threads(&[("t", 0), ("u", 0)]).await?;
    for thread in ["t", "u"] {
        let item = t.item(thread, "i", at(0), thread);
        ok(
            "save_item",
            t.store.save_item(&t.id(thread), &item, &t.ann).await,
        )?;
    }
    for thread in ["t", "u"] {
        let found = t.store.load_item(&t.id(thread), &t.id("i"), &t.ann).await;
        let found = ok("load_item", found)?;
        same(
            &format!("load_item({thread:?}, \"i\")"),
            &found,
            &t.item(thread, "i", at(0), thread),
        )?;
    }
    let deleted = t
        .store
        .delete_thread_item(&t.id("t"), &t.id("i"), &t.ann)
        .await;
    ok("delete_thread_item(\"t\", \"i\")", deleted)?;
    let gone = t.store.load_item(&t.id("t"), &t.id("i"), &t.ann).await;
    absent(
        "load_item(\"t\", \"i\") after it was deleted",
        &gone,
        "item",
        &t.id("i"),
    )?;
    let kept = t.store.load_item(&t.id("u"), &t.id("i"), &t.ann).await;
    ok("load_item(\"u\", \"i\") after the other was deleted", kept).map(drop)
}

pub(super) async fn attachments_round_trip<C: Send + Sync + 'static>(
    t: Arc<Fixture<C>>,
) -> Outcome {
    let mut metadata = JsonObject::new();
    metadata.insert("bucket".into(), json!({"key": "a/b", "size": 12}));
    let saved = FileAttachment::new(t.id("atc"), "ä.txt", "text/plain").metadata(metadata);
    let mut saved = Attachment::from(saved);
    // Then again, sent in a thread that the store has never seen.
    for _ in 0..2 {
        ok(
            "save_attachment",
            t.store.save_attachment(&saved, &t.ann).await,
        )?;
        let loaded = t.store.load_attachment(saved.id(), &t.ann).await;
        same("load_attachment", &ok("load_attachment", loaded)?, &saved)?;
        saved.set_thread_id(t.id("unknown"));
    }
    Ok(())
}

pub(super) async fn not_found<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    let (thread, item) = (t.id("lost"), t.id("i"));
    let lost = t.item("lost", "i", at(0), "");
    absent(
        "load_thread",
        &t.store.load_thread(&thread, &t.ann).await,
        "thread",
        &thread,
    )?;
    absent(
        "load_item of a lost thread",
        &t.store.load_item(&thread, &item, &t.ann).await,
        "thread",
        &thread,
    )?;
    let added = t.store.add_thread_item(&thread, &lost, &t.ann).await;
    absent(
        "add_thread_item to a lost thread",
        &added,
        "thread",
        &thread,
    )?;
    let saved = t.store.save_item(&thread, &lost, &t.ann).await;
    absent("save_item in a lost thread", &saved, "thread", &thread)?;
    t.save_threads(&[("t", 0)]).await?;
    absent(
        "load_item",
        &t.store.load_item(&t.id("t"), &item, &t.ann).await,
        "item",
        &item,
    )?;
    let attachment = t.store.load_attachment(&thread, &t.ann).await;
    absent("load_attachment", &attachment, "attachment", &thread)
}

pub(super) async fn deleting<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    t.add_items("t", &[("i", 0)]).await?;
    let (thread, item, attachment) = (t.id("t"), t.id("i"), t.id("atc"));
    let record = FileAttachment::new(&attachment, "a.txt", "text/plain").into();
    ok(
        "save_attachment",
        t.store.save_attachment(&record, &t.ann).await,
    )?;
    for time in ["", " again"] {
        let deleted = t.store.delete_thread_item(&thread, &item, &t.ann).await;
        ok(&format!("delete_thread_item{time}"), deleted)?;
        absent(
            "load_item",
            &t.store.load_item(&thread, &item, &t.ann).await,
            "item",
            &item,
        )?;
        let deleted = t.store.delete_attachment(&attachment, &t.ann).await;
        ok(&format!("delete_attachment{time}"), deleted)?;
        let loaded = t.store.load_attachment(&attachment, &t.ann).await;
        absent("load_attachment", &loaded, "attachment", &attachment)?;
    }
    for time in ["", " again"] {
        let deleted = t.store.delete_thread(&thread, &t.ann).await;
        ok(&format!("delete_thread{time}"), deleted)?;
        absent(
            "load_thread",
            &t.store.load_thread(&thread, &t.ann).await,
            "thread",
            &thread,
        )?;
    }
    let deleted = t.store.delete_thread_item(&thread, &item, &t.ann).await;
    ok("delete_thread_item of a deleted thread", deleted)
}

pub(super) async fn deleting_a_thread_deletes_its_items<C: Send + Sync + 'static>(
    t: Arc<Fixture<C>>,
) -> Outcome {
    t.save_threads(&[("t", 0), ("u", 0)]).await?;
    t.add_items("t", &[("i", 0)]).await?;
    t.add_items("u", &[("i", 0)]).await?;
    let mut sent = FileAttachment::new(t.id("atc"), "a.txt", "text/plain");
    sent.thread_id = Some(t.id("t"));
    ok(
        "save_attachment",
        t.store.save_attachment(&sent.into(), &t.ann).await,
    )?;
    ok(
        "delete_thread(\"t\")",
        t.store.delete_thread(&t.id("t"), &t.ann).await,
    )?;
    t.save_threads(&[("t", 0)]).await?;
    same(
        "a new thread of the same id",
        &t.items("t", &t.ann).await?,
        &Page::default(),
    )?;
    let other = t.items("u", &t.ann).await?;
    same(
        "the items of another thread",
        &t.names(&other),
        &strings(&["i"]),
    )?;
    // Whose bytes are elsewhere outlives the thread, so that they can be found and deleted.
    let attachment = t.store.load_attachment(&t.id("atc"), &t.ann).await;
    ok(
        "load_attachment of one sent in the deleted thread",
        attachment,
    )
    .map(drop)
}

pub(super) async fn unicode<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    let odd = "naïve 日本語 👩‍👩‍👧 \u{202e}right\u{202c} \u{1a}0 \\u0000 \u{7f} \u{fffd} \u{10ffff} '; DROP TABLE items; --";
    texts(
        &t,
        odd,
        &["é", "e\u{301}", "É", "%", "\\", "\u{1a}0", "\u{1a}1"],
    )
    .await
}

pub(super) async fn null_characters<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    texts(&t, "a\0b\0", &["c", "c\0", "\0c", "\u{1a}\0c"]).await
}

/// Saves a thread and items under odd names and with an odd text, and reads them.
async fn texts<C: Send + Sync + 'static>(t: &Fixture<C>, odd: &str, more: &[&str]) -> Outcome {
    let mut saved = t.thread(odd, at(0));
    saved.title = Some(odd.into());
    saved.metadata.insert(odd.into(), odd.into());
    ok("save_thread", t.store.save_thread(&saved, &t.odd).await)?;
    let names: Vec<&str> = [odd].iter().chain(more).copied().collect();
    for name in &names {
        let item = t.item(odd, name, at(0), odd);
        ok(
            "save_item",
            t.store.save_item(&saved.id, &item, &t.odd).await,
        )?;
        let loaded = t.store.load_item(&saved.id, item.id(), &t.odd).await;
        same("load_item", &ok("load_item", loaded)?, &item)?;
    }
    let loaded = ok("load_thread", t.store.load_thread(&saved.id, &t.odd).await)?;
    same("load_thread", &loaded, &saved)?;
    let page = t.items(odd, &t.odd).await?;
    same("load_thread_items", &t.names(&page), &strings(&names))?;
    let cursor = t.id(names[1]);
    let page = t
        .store
        .load_thread_items(&saved.id, Some(&cursor), 1, Order::Asc, &t.odd);
    let page = ok("load_thread_items behind a cursor", page.await)?;
    same(
        "load_thread_items behind a cursor",
        &t.names(&page),
        &strings(&names[2..3]),
    )?;
    same("the page's own cursor", &page.after, &Some(t.id(names[2])))
}

pub(super) async fn large_items<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    let text = "0123456789abcde\n".repeat(65_536);
    let large = t.item("t", "large", at(0), &text);
    ok(
        "add_thread_item",
        t.store.add_thread_item(&t.id("t"), &large, &t.ann).await,
    )?;
    t.add_items("t", &[("small", 0)]).await?;
    let loaded = t.store.load_item(&t.id("t"), large.id(), &t.ann).await;
    same("load_item", &ok("load_item", loaded)?, &large)?;
    let page = t.items("t", &t.ann).await?;
    same(
        "load_thread_items",
        &t.names(&page),
        &strings(&["large", "small"]),
    )
}
