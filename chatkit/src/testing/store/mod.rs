//! The rules of stores.

mod lists;
mod load;
mod owners;
mod records;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Broken, Check, Outcome, ok};
use crate::store::{DynStore, Store};
use crate::types::{
    AssistantMessageContent, AssistantMessageItem, Order, Page, ThreadItem, ThreadMetadata,
};

/// The rules of [`Store`], for one that keeps owners apart.
///
/// `open` gives the store; it is called once a check. The checks use ids and owners that are nobody else's, so it may give
/// the same database each time, and one with other things in it. `owner` makes the context of a request of the
/// owner with that name.
pub fn store_checks<C, S, F>(
    open: impl Fn() -> F + Send + Sync + 'static,
    owner: impl Fn(&str) -> C + Send + Sync + 'static,
) -> Vec<Check>
where
    C: Send + Sync + 'static,
    S: Store<C>,
    F: Future<Output = S> + Send + 'static,
{
    checks(open, owner, true)
}

/// The rules of [`Store`], for one that shows everything to everyone: those of [`store_checks`] that are not about owners.
///
/// `open` gives a store without any thread; it is called once a check. `context` makes the context of a request.
pub fn unscoped_store_checks<C, S, F>(
    open: impl Fn() -> F + Send + Sync + 'static,
    context: impl Fn() -> C + Send + Sync + 'static,
) -> Vec<Check>
where
    C: Send + Sync + 'static,
    S: Store<C>,
    F: Future<Output = S> + Send + 'static,
{
    checks(open, move |_| context(), false)
}

/// A store under test. Its owners and ids are those of one check.
struct Fixture<C> {
    store: DynStore<C>,
    ann: C,
    bob: C,
    /// An owner whose name is a challenge.
    odd: C,
    /// Whether the three are different owners.
    owners: bool,
    /// What ids end with.
    mark: String,
}

type Checker<C> = fn(Arc<Fixture<C>>) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

macro_rules! rules {
    ($context:ident: $($kind:ident { $($module:ident::$name:ident: $rule:literal,)* })*) => {
        [$($((stringify!($name), $rule, rules!(@$kind), (|fixture| Box::pin($module::$name(fixture))) as Checker<$context>),)*)*]
    };
    (@any) => { false };
    (@scoped) => { true };
}

fn checks<C, S, F>(
    open: impl Fn() -> F + Send + Sync + 'static,
    owner: impl Fn(&str) -> C + Send + Sync + 'static,
    owners: bool,
) -> Vec<Check>
where
    C: Send + Sync + 'static,
    S: Store<C>,
    F: Future<Output = S> + Send + 'static,
{
    let shared = Arc::new((open, owner));
    let rules = rules! { C:
        any {
            records::threads_round_trip: "A thread comes back as it was saved.",
            records::threads_are_replaced_in_place: "Saving a thread again replaces it; its place in lists and its items stay.",
            records::items_round_trip: "An item comes back as it was added, alone and in a page.",
            records::items_of_every_kind: "Items of all kinds come back as they were added, fields unknown to this library included.",
            records::items_are_replaced_in_place: "Adding or saving an item again replaces it where it stands.",
            records::one_item_id_in_two_threads: "An id names an item within its thread only.",
            records::attachments_round_trip: "The record of an attachment comes back as it was saved, and is replaced by saving it again.",
            records::not_found: "What is not there is not found, and nothing is added to a thread that is not there.",
            records::deleting: "What was deleted is not found; deleting what is not there succeeds.",
            records::deleting_a_thread_deletes_its_items: "Deleting a thread deletes its items, and nothing else.",
            records::unicode: "Texts and ids are kept as they are: any script, case and form, and what means something in SQL.",
            records::null_characters: "U+0000 in texts and ids is kept.",
            records::large_items: "An item may have a megabyte.",
            lists::threads_in_order: "Threads are listed by time of creation, those of equal times as they were saved.",
            lists::items_in_order: "Items are listed by time of creation, those of equal times as they were added.",
            lists::times_before_1970: "Times before 1970, and microseconds, count.",
            lists::every_page_of_threads: "Every page of threads holds what comes behind its cursor, and says whether and where it goes on.",
            lists::every_page_of_items: "Every page of items holds what comes behind its cursor, and says whether and where it goes on.",
            lists::unknown_cursors: "A cursor that is not in the list is not found; a thread that is not there has no items.",
            load::concurrent_writers: "Writes at the same moment are all kept, each writer's in its order, and can be read at once.",
            load::concurrent_saves_of_one_item: "When one item is saved several times at the same moment, it is there once, and whole.",
            load::taking_an_item: "Of those that take an item at the same moment one gets it, and then it is gone.",
            load::deleting_while_adding: "An item added while its thread is deleted is not found or gone with it; none is left behind.",
            load::dropped_writes: "A write whose future is dropped half way is whole or absent, and the store goes on.",
            load::unique_ids: "Generated ids are all different.",
        }
        scoped {
            owners::scope_of_threads: "Another owner's thread is not found, not listed, not replaced and not deleted.",
            owners::scope_of_items: "Another owner's items are not found, not listed, not replaced, not deleted, and none is added to them.",
            owners::scope_of_attachments: "Another owner's attachment is not found, not replaced and not deleted.",
            owners::scope_of_pages: "Another owner's threads leave no gap in a page, and are no cursors.",
        }
    };
    rules
        .into_iter()
        .filter(|(_, _, scoped, _)| owners || !scoped)
        .map(|(name, rule, _, check)| {
            let shared = Arc::clone(&shared);
            Check::new(name, rule, move || {
                let shared = Arc::clone(&shared);
                async move {
                    let (open, owner) = &*shared;
                    let mark = uuid::Uuid::new_v4().simple().to_string();
                    let fixture = Fixture {
                        ann: owner(&format!("ann-{mark}")),
                        bob: owner(&format!("bob-{mark}")),
                        odd: owner(&format!("o'ann \"日本\" % _ \\ {mark}")),
                        store: DynStore::new(open().await),
                        owners,
                        mark,
                    };
                    check(Arc::new(fixture)).await
                }
            })
        })
        .collect()
}

impl<C: Send + Sync + 'static> Fixture<C> {
    /// The id that goes by a name in this check.
    fn id(&self, name: &str) -> String {
        format!("{name}-{}", self.mark)
    }

    /// The name that an id goes by.
    fn name<'a>(&self, id: &'a str) -> &'a str {
        id.strip_suffix(&self.mark)
            .and_then(|id| id.strip_suffix('-'))
            .unwrap_or(id)
    }

    fn thread(&self, name: &str, created_at: DateTime<Utc>) -> ThreadMetadata {
        let mut thread = ThreadMetadata::new(self.id(name));
        thread.created_at = created_at;
        thread
    }

    fn item(&self, thread: &str, name: &str, created_at: DateTime<Utc>, text: &str) -> ThreadItem {
        let content = vec![AssistantMessageContent::new(text)];
        let mut item = AssistantMessageItem::new(self.id(name), self.id(thread), content);
        item.created_at = created_at;
        item.into()
    }

    fn names(&self, page: &Page<ThreadItem>) -> Vec<String> {
        let ids = page.data.iter().map(|item| self.name(item.id()).to_owned());
        ids.collect()
    }

    fn thread_names(&self, page: &Page<ThreadMetadata>) -> Vec<String> {
        let ids = page
            .data
            .iter()
            .map(|thread| self.name(&thread.id).to_owned());
        ids.collect()
    }

    /// Saves threads of Ann's.
    async fn save_threads(&self, threads: &[(&str, i64)]) -> Outcome {
        for (name, seconds) in threads {
            let thread = self.thread(name, at(*seconds));
            let saved = self.store.save_thread(&thread, &self.ann).await;
            ok(&format!("save_thread({name:?})"), saved)?;
        }
        Ok(())
    }

    /// Adds items to a thread of Ann's.
    async fn add_items(&self, thread: &str, items: &[(&str, i64)]) -> Outcome {
        for (name, seconds) in items {
            let item = self.item(thread, name, at(*seconds), "");
            let added = self
                .store
                .add_thread_item(&self.id(thread), &item, &self.ann)
                .await;
            ok(&format!("add_thread_item({thread:?}, {name:?})"), added)?;
        }
        Ok(())
    }

    /// All items of a thread, oldest first.
    async fn items(&self, thread: &str, context: &C) -> Result<Page<ThreadItem>, Broken> {
        let id = self.id(thread);
        let page = self
            .store
            .load_thread_items(&id, None, 9999, Order::Asc, context)
            .await;
        ok(&format!("load_thread_items({thread:?})"), page)
    }
}

/// A time, counted from one in 2023.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_700_000_000 + seconds)
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().copied().map(str::to_owned).collect()
}
