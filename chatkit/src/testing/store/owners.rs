//! Rules about owners: what is another's is as if it were not there.

use std::sync::Arc;

use super::{Fixture, at, strings};
use crate::store::Store;
use crate::testing::{Outcome, not_found, ok, same};
use crate::types::{Attachment, FileAttachment, Order, Page};

pub(super) async fn scope_of_threads<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    let anns = t.thread("t", at(0));
    let id = &anns.id;
    ok("save_thread", t.store.save_thread(&anns, &t.ann).await)?;
    not_found(
        "load_thread by another",
        &t.store.load_thread(id, &t.bob).await,
        "thread",
        id,
    )?;
    let mut bobs = anns.clone();
    bobs.title = Some("mine now".into());
    not_found(
        "save_thread by another",
        &t.store.save_thread(&bobs, &t.bob).await,
        "thread",
        id,
    )?;
    let page = t.store.load_threads(10, None, Order::Asc, &t.bob).await;
    same(
        "load_threads by another",
        &ok("load_threads by another", page)?,
        &Page::default(),
    )?;
    ok(
        "delete_thread by another",
        t.store.delete_thread(id, &t.bob).await,
    )?;
    let loaded = t.store.load_thread(id, &t.ann).await;
    same(
        "load_thread by its owner after all that",
        &ok("load_thread", loaded)?,
        &anns,
    )
}

pub(super) async fn scope_of_items<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    let (thread, id) = (t.id("t"), t.id("i"));
    let anns = t.item("t", "i", at(0), "ann's");
    ok(
        "add_thread_item",
        t.store.add_thread_item(&thread, &anns, &t.ann).await,
    )?;

    let loaded = t.store.load_item(&thread, &id, &t.bob).await;
    not_found("load_item by another", &loaded, "thread", &thread)?;
    for name in ["i", "new"] {
        let bobs = t.item("t", name, at(0), "bob's");
        let added = t.store.add_thread_item(&thread, &bobs, &t.bob).await;
        not_found("add_thread_item by another", &added, "thread", &thread)?;
        let saved = t.store.save_item(&thread, &bobs, &t.bob).await;
        not_found("save_item by another", &saved, "thread", &thread)?;
    }
    let deleted = t.store.delete_thread_item(&thread, &id, &t.bob).await;
    ok("delete_thread_item by another", deleted)?;
    let nowhere = t.id("nowhere");
    for cursor in [None, Some(id.as_str()), Some(nowhere.as_str())] {
        let page = t
            .store
            .load_thread_items(&thread, cursor, 10, Order::Asc, &t.bob)
            .await;
        let what = format!("load_thread_items by another, behind {cursor:?}");
        same(&what, &ok(&what, page)?, &Page::default())?;
    }
    same(
        "the thread after all that",
        &t.items("t", &t.ann).await?,
        &Page::last(vec![anns]),
    )?;

    // In a thread of his own, Bob may have an item of the same id, and has his own.
    let mine = t.thread("bobs", at(0));
    ok("save_thread", t.store.save_thread(&mine, &t.bob).await)?;
    let bobs = t.item("bobs", "i", at(0), "bob's");
    ok(
        "save_item in his own thread",
        t.store.save_item(&mine.id, &bobs, &t.bob).await,
    )?;
    let loaded = t.store.load_item(&thread, &id, &t.bob).await;
    not_found(
        "load_item by another who has one of that id",
        &loaded,
        "thread",
        &thread,
    )?;
    let page = t
        .store
        .load_thread_items(&thread, Some(&id), 10, Order::Asc, &t.bob);
    let page = ok(
        "load_thread_items by another who has an item of the cursor's id",
        page.await,
    )?;
    same(
        "load_thread_items by another who has an item of the cursor's id",
        &page,
        &Page::default(),
    )
}

pub(super) async fn scope_of_attachments<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    let id = t.id("atc");
    let anns: Attachment = FileAttachment::new(&id, "ann.txt", "text/plain").into();
    ok(
        "save_attachment",
        t.store.save_attachment(&anns, &t.ann).await,
    )?;
    let loaded = t.store.load_attachment(&id, &t.bob).await;
    not_found("load_attachment by another", &loaded, "attachment", &id)?;
    let bobs = FileAttachment::new(&id, "bob.txt", "text/plain").into();
    let saved = t.store.save_attachment(&bobs, &t.bob).await;
    not_found("save_attachment by another", &saved, "attachment", &id)?;
    ok(
        "delete_attachment by another",
        t.store.delete_attachment(&id, &t.bob).await,
    )?;
    let loaded = t.store.load_attachment(&id, &t.ann).await;
    same(
        "load_attachment by its owner after all that",
        &ok("load_attachment", loaded)?,
        &anns,
    )
}

pub(super) async fn scope_of_pages<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    // Theirs alternate; neither sees a gap, nor may use the other's thread as a cursor.
    for n in 0..10 {
        let owner = if n % 2 == 0 { &t.ann } else { &t.bob };
        let thread = t.thread(&format!("t{n}"), at(n / 4));
        ok("save_thread", t.store.save_thread(&thread, owner).await)?;
    }
    let page = t.store.load_threads(3, None, Order::Asc, &t.ann).await;
    let page = ok("load_threads(3)", page)?;
    same(
        "load_threads(3)",
        &t.thread_names(&page),
        &strings(&["t0", "t2", "t4"]),
    )?;
    let cursor = t.id("t4");
    same(
        "load_threads(3), after",
        &page.after.as_ref(),
        &Some(&cursor),
    )?;
    let page = t
        .store
        .load_threads(3, Some(&cursor), Order::Asc, &t.ann)
        .await;
    let page = ok("load_threads(3, t4)", page)?;
    same(
        "load_threads(3, t4)",
        &t.thread_names(&page),
        &strings(&["t6", "t8"]),
    )?;
    same("load_threads(3, t4), has_more", &page.has_more, &false)?;
    let page = t
        .store
        .load_threads(3, Some(&cursor), Order::Asc, &t.bob)
        .await;
    not_found("load_threads(3, t4) by another", &page, "thread", &cursor)
}
