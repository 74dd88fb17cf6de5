//! Rules about calls at the same moment.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{Fixture, at};
use crate::store::{Store, StoreError, StoreItemType};
use crate::testing::{Broken, Outcome, broken, holds, not_found, ok, same, shown};
use crate::types::ThreadItem;

const TASKS: usize = 32;
const WRITES: usize = 8;

/// What tasks of their own find: the first rule that is broken.
async fn all<T: Send + 'static>(mut tasks: JoinSet<Result<T, Broken>>) -> Result<Vec<T>, Broken> {
    let mut results = Vec::new();
    while let Some(task) = tasks.join_next().await {
        let result = task.map_err(|error| broken("a task", "to end", error.to_string()))?;
        results.push(result?);
    }
    Ok(results)
}

pub(super) async fn concurrent_writers<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    let thread = t.id("t");
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (t, thread) = (Arc::clone(&t), thread.clone());
        tasks.spawn(async move {
            for n in 0..WRITES {
                let item = t.item("t", &format!("{task}_{n}"), at(0), "");
                ok(
                    "add_thread_item",
                    t.store.add_thread_item(&thread, &item, &t.ann).await,
                )?;
                let found = t.store.load_item(&thread, item.id(), &t.ann).await;
                same(
                    "load_item right after",
                    &ok("load_item right after", found)?,
                    &item,
                )?;
            }
            Ok(())
        });
    }
    all(tasks).await?;
    let page = t.items("t", &t.ann).await?;
    let names = t.names(&page);
    let different: HashSet<&String> = names.iter().collect();
    same("the number of items", &names.len(), &(TASKS * WRITES))?;
    same(
        "the number of different items",
        &different.len(),
        &(TASKS * WRITES),
    )?;
    for task in 0..TASKS {
        let prefix = format!("{task}_");
        let own: Vec<&str> = names
            .iter()
            .filter_map(|name| name.strip_prefix(&prefix))
            .collect();
        let expected: Vec<String> = (0..WRITES).map(|n| n.to_string()).collect();
        holds(
            "the items of one writer",
            &shown(&expected),
            own == expected,
            &own,
        )?;
    }
    Ok(())
}

pub(super) async fn concurrent_saves_of_one_item<C: Send + Sync + 'static>(
    t: Arc<Fixture<C>>,
) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let t = Arc::clone(&t);
        tasks.spawn(async move {
            let item = t.item("t", "i", at(0), &task.to_string());
            ok(
                "save_item",
                t.store.save_item(&t.id("t"), &item, &t.ann).await,
            )
        });
    }
    all(tasks).await?;
    let page = t.items("t", &t.ann).await?;
    same("the number of items", &page.data.len(), &1)?;
    let written: Vec<ThreadItem> = (0..TASKS)
        .map(|task| t.item("t", "i", at(0), &task.to_string()))
        .collect();
    holds(
        "the item",
        "one of those that were saved",
        written.contains(&page.data[0]),
        &page.data[0],
    )
}

pub(super) async fn taking_an_item<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    t.add_items("t", &[("i", 0), ("other", 0)]).await?;
    let (thread, id) = (t.id("t"), t.id("i"));
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (t, thread, id) = (Arc::clone(&t), thread.clone(), id.clone());
        let start = Arc::clone(&start);
        tasks.spawn(async move {
            start.wait().await;
            match t.store.take_item(&thread, &id, &t.ann).await {
                Err(StoreError::NotFound { .. }) => Ok(None),
                taken => ok("take_item", taken).map(Some),
            }
        });
    }
    let taken: Vec<ThreadItem> = all(tasks).await?.into_iter().flatten().collect();
    let taken: Vec<&str> = taken.iter().map(ThreadItem::id).collect();
    same("the items that were taken", &taken, &vec![id.as_str()])?;
    let left = t.items("t", &t.ann).await?;
    same(
        "the items that are left",
        &t.names(&left),
        &vec!["other".to_owned()],
    )
}

pub(super) async fn deleting_while_adding<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    for round in 0..8 {
        t.save_threads(&[("t", 0)]).await?;
        let mut tasks = JoinSet::new();
        for task in 0..8 {
            let adding = Arc::clone(&t);
            tasks.spawn(async move {
                let t = adding;
                let item = t.item("t", &format!("i{task}"), at(0), "");
                match t.store.add_thread_item(&t.id("t"), &item, &t.ann).await {
                    Err(StoreError::NotFound { what: "thread", .. }) => Ok(()),
                    added => ok("add_thread_item while the thread is deleted", added),
                }
            });
            if task == round {
                let t = Arc::clone(&t);
                tasks.spawn(async move {
                    let deleted = t.store.delete_thread(&t.id("t"), &t.ann).await;
                    ok("delete_thread while items are added", deleted)
                });
            }
        }
        all(tasks).await?;
        t.save_threads(&[("t", 0)]).await?;
        let left = t.items("t", &t.ann).await?;
        same(
            "the items of a new thread of the same id",
            &t.names(&left),
            &Vec::new(),
        )?;
        ok(
            "delete_thread",
            t.store.delete_thread(&t.id("t"), &t.ann).await,
        )?;
    }
    Ok(())
}

pub(super) async fn dropped_writes<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    t.save_threads(&[("t", 0)]).await?;
    let thread = t.id("t");
    for polls in 0..40 {
        let item = t.item("t", &format!("i{polls}"), at(0), "whole");
        {
            let mut write = pin!(t.store.save_item(&thread, &item, &t.ann));
            for _ in 0..polls {
                let polled = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                if polled.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Whatever connection it had is back, and works.
        t.save_threads(&[("t", 0)]).await?;
        match t.store.load_item(&thread, item.id(), &t.ann).await {
            Ok(found) => same("load_item after a write was dropped", &found, &item)?,
            absent => {
                let id = item.id();
                not_found("load_item after a write was dropped", &absent, "item", id)?;
            }
        }
    }
    Ok(())
}

pub(super) async fn unique_ids<C: Send + Sync + 'static>(t: Arc<Fixture<C>>) -> Outcome {
    const IDS: usize = 1000;
    let thread = t.thread("t", at(0));
    let threads: HashSet<String> = (0..IDS)
        .map(|_| t.store.generate_thread_id(&t.ann))
        .collect();
    same("different ids of threads", &threads.len(), &IDS)?;
    let id = |_| {
        t.store
            .generate_item_id(StoreItemType::Message, &thread, &t.ann)
    };
    let items: HashSet<String> = (0..IDS).map(id).collect();
    same("different ids of items", &items.len(), &IDS)
}
