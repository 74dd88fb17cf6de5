//! Rules about lists: their order, and their pages.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};

use super::{Fixture, at, strings};
use crate::store::Store;
use crate::testing::{Outcome, not_found, ok, same};
use crate::types::{Order, Page};

/// Saved out of order; three at one time.
const UNSORTED: [(&str, i64); 5] = [("d", 9), ("x", 5), ("a", 5), ("m", 5), ("b", 1)];

pub(super) async fn threads_in_order<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&UNSORTED).await?;
    for (order, expected) in [
        (Order::Asc, ["b", "x", "a", "m", "d"]),
        (Order::Desc, ["d", "m", "a", "x", "b"]),
    ] {
        let page = t.store.load_threads(10, None, order, &t.ann).await;
        let page = ok("load_threads", page)?;
        let what = format!("load_threads, {order:?}");
        same(&what, &t.thread_names(&page), &strings(&expected))?;
        same(&format!("{what}, has_more"), &page.has_more, &false)?;
    }
    Ok(())
}

pub(super) async fn items_in_order<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    t.add_items("t", &UNSORTED).await?;
    let thread = t.id("t");
    for (order, expected) in [
        (Order::Asc, ["b", "x", "a", "m", "d"]),
        (Order::Desc, ["d", "m", "a", "x", "b"]),
    ] {
        let page = t.store.load_thread_items(&thread, None, 10, order, &t.ann);
        let page = ok("load_thread_items", page.await)?;
        same(
            &format!("load_thread_items, {order:?}"),
            &t.names(&page),
            &strings(&expected),
        )?;
    }
    // Put in again after it was deleted, an item is the last of its time.
    let deleted = t
        .store
        .delete_thread_item(&thread, &t.id("x"), &t.ann)
        .await;
    ok("delete_thread_item", deleted)?;
    t.add_items("t", &[("x", 5)]).await?;
    let page = t.items("t", &t.ann).await?;
    same(
        "load_thread_items after x was deleted and added",
        &t.names(&page),
        &strings(&["b", "a", "m", "x", "d"]),
    )
}

pub(super) async fn times_before_1970<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    for (name, micros) in [("b", 1), ("c", 0), ("a", 2)] {
        let time = DateTime::UNIX_EPOCH - TimeDelta::microseconds(micros);
        let item = t.item("t", name, time, "");
        ok(
            "add_thread_item",
            t.store.add_thread_item(&t.id("t"), &item, &t.ann).await,
        )?;
    }
    let page = t.items("t", &t.ann).await?;
    same(
        "load_thread_items",
        &t.names(&page),
        &strings(&["a", "b", "c"]),
    )
}

/// Times of which several are equal, in an order that is not theirs.
const TIMES: [i64; 13] = [5, 3, 3, 9, 5, 5, 1, 9, 5, 3, 3, 0, 9];

const ORDERS: [Order; 2] = [Order::Asc, Order::Desc];

/// What `TIMES` sorts to: by time, then as they came.
fn sorted(order: Order) -> Vec<String> {
    let mut keys: Vec<usize> = (0..TIMES.len()).collect();
    keys.sort_by_key(|&n| (TIMES[n], n));
    if order == Order::Desc {
        keys.reverse();
    }
    keys.into_iter().map(|n| n.to_string()).collect()
}

/// Limits from nothing to more than there is.
fn limits() -> impl Iterator<Item = usize> {
    [
        0,
        1,
        2,
        5,
        TIMES.len() - 1,
        TIMES.len(),
        TIMES.len() + 1,
        usize::MAX,
    ]
    .into_iter()
}

/// Checks one page: what it holds, and whether and where it says that the list goes on.
fn check_page<T>(
    what: &str,
    page: &Page<T>,
    names: &[String],
    rest: &[String],
    limit: usize,
    id: impl Fn(&str) -> String,
) -> Outcome {
    let expected = &rest[..limit.min(rest.len())];
    same(what, &names, &expected)?;
    let more = limit > 0 && rest.len() > limit;
    same(&format!("{what}, has_more"), &page.has_more, &more)?;
    let after = expected.last().filter(|_| more);
    same(
        &format!("{what}, after"),
        &page.after,
        &after.map(|name| id(name)),
    )
}

pub(super) async fn every_page_of_threads<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    for (n, seconds) in TIMES.into_iter().enumerate() {
        t.save_threads(&[(&n.to_string(), seconds)]).await?;
        if t.owners {
            let other = t.thread(&format!("bobs{n}"), at(seconds));
            ok("save_thread", t.store.save_thread(&other, &t.bob).await)?;
        }
    }
    for order in ORDERS {
        let all = sorted(order);
        for start in 0..=all.len() {
            let after = start.checked_sub(1).map(|n| t.id(&all[n]));
            for limit in limits() {
                let after = after.as_deref();
                let page = t.store.load_threads(limit, after, order, &t.ann).await;
                let what = format!("load_threads({limit}, {after:?}, {order:?})");
                let page = ok(&what, page)?;
                let names = t.thread_names(&page);
                check_page(&what, &page, &names, &all[start..], limit, |name| {
                    t.id(name)
                })?;
            }
        }
    }
    Ok(())
}

pub(super) async fn every_page_of_items<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0), ("other", 0)]).await?;
    for (n, seconds) in TIMES.into_iter().enumerate() {
        for thread in ["t", "other"] {
            t.add_items(thread, &[(&n.to_string(), seconds)]).await?;
        }
    }
    let thread = t.id("t");
    for order in ORDERS {
        let all = sorted(order);
        for start in 0..=all.len() {
            let after = start.checked_sub(1).map(|n| t.id(&all[n]));
            for limit in limits() {
                let after = after.as_deref();
                let page = t
                    .store
                    .load_thread_items(&thread, after, limit, order, &t.ann);
                let what = format!("load_thread_items({after:?}, {limit}, {order:?})");
                let page = ok(&what, page.await)?;
                let names = t.names(&page);
                check_page(&what, &page, &names, &all[start..], limit, |name| {
                    t.id(name)
                })?;
                let strangers = page.data.iter().filter(|item| item.thread_id() != thread);
                same(
                    &format!("{what}, items of other threads"),
                    &strangers.count(),
                    &0,
                )?;
            }
        }
    }
    Ok(())
}

pub(super) async fn unknown_cursors<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0), ("u", 0)]).await?;
    t.add_items("u", &[("elsewhere", 0)]).await?;
    for cursor in ["nowhere", "elsewhere"] {
        let id = t.id(cursor);
        let page = t
            .store
            .load_thread_items(&t.id("t"), Some(&id), 10, Order::Asc, &t.ann)
            .await;
        not_found(
            &format!("load_thread_items behind {cursor}"),
            &page,
            "item",
            &id,
        )?;
    }
    let nowhere = t.id("nowhere");
    let page = t
        .store
        .load_threads(10, Some(&nowhere), Order::Desc, &t.ann)
        .await;
    not_found("load_threads behind nowhere", &page, "thread", &nowhere)?;

    for cursor in [None, Some(nowhere.as_str())] {
        let page = t
            .store
            .load_thread_items(&t.id("unknown"), cursor, 10, Order::Asc, &t.ann)
            .await;
        let page = ok("load_thread_items of an unknown thread", page)?;
        same(
            "load_thread_items of an unknown thread",
            &page,
            &Page::default(),
        )?;
    }
    Ok(())
}
