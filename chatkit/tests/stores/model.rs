//! Whatever two users do, every store answers as the one in memory.

use chatkit::store::{DynStore, Store};
use chatkit::types::{FileAttachment, Order};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Handle;

use crate::{User, at, item, memory, thread};

static ANN: User = User::named("ann");
static BOB: User = User::named("bob");

#[derive(Debug, Clone)]
enum Call {
    SaveThread(usize, i64),
    SaveItem(usize, usize, i64),
    DeleteThread(usize),
    DeleteItem(usize, usize),
    LoadThread(usize),
    LoadItem(usize, usize),
    LoadThreads(usize, Option<usize>, bool),
    LoadItems(usize, Option<usize>, usize, bool),
    SaveAttachment(usize, i64),
    DeleteAttachment(usize),
    LoadAttachment(usize),
}

const THREADS: [&str; 4] = ["t0", "t1", "t2", "t3"];
const ITEMS: [&str; 6] = ["i0", "i1", "i2", "i3", "i4", "i5"];

fn call() -> impl Strategy<Value = Call> {
    let thread = 0..THREADS.len();
    let item = 0..ITEMS.len();
    let time = -2..3_i64;
    let limit = 0..5_usize;
    prop_oneof![
        3 => (thread.clone(), time.clone()).prop_map(|(t, at)| Call::SaveThread(t, at)),
        6 => (thread.clone(), item.clone(), time.clone()).prop_map(|(t, i, at)| Call::SaveItem(t, i, at)),
        1 => thread.clone().prop_map(Call::DeleteThread),
        1 => (thread.clone(), item.clone()).prop_map(|(t, i)| Call::DeleteItem(t, i)),
        1 => thread.clone().prop_map(Call::LoadThread),
        1 => (thread.clone(), item.clone()).prop_map(|(t, i)| Call::LoadItem(t, i)),
        3 => (limit.clone(), prop::option::of(thread.clone()), any::<bool>())
            .prop_map(|(limit, after, asc)| Call::LoadThreads(limit, after, asc)),
        5 => (thread, prop::option::of(item.clone()), limit, any::<bool>())
            .prop_map(|(t, after, limit, asc)| Call::LoadItems(t, after, limit, asc)),
        1 => (item.clone(), time).prop_map(|(i, n)| Call::SaveAttachment(i, n)),
        1 => item.clone().prop_map(Call::DeleteAttachment),
        1 => item.prop_map(Call::LoadAttachment),
    ]
}

/// What a call answers, as text.
async fn answer(store: &impl Store<User>, call: &Call, user: &User, step: usize) -> String {
    let direction = |asc| if asc { Order::Asc } else { Order::Desc };
    match *call {
        Call::SaveThread(t, time) => {
            let mut thread = thread(THREADS[t], at(time));
            thread.title = Some(format!("step {step}"));
            format!("{:?}", store.save_thread(&thread, user).await)
        }
        Call::SaveItem(t, i, time) => {
            let item = item(THREADS[t], ITEMS[i], at(time), &format!("step {step}"));
            format!("{:?}", store.save_item(THREADS[t], &item, user).await)
        }
        Call::DeleteThread(t) => format!("{:?}", store.delete_thread(THREADS[t], user).await),
        Call::DeleteItem(t, i) => {
            let done = store.delete_thread_item(THREADS[t], ITEMS[i], user);
            format!("{:?}", done.await)
        }
        Call::LoadThread(t) => format!("{:?}", store.load_thread(THREADS[t], user).await),
        Call::LoadItem(t, i) => {
            format!("{:?}", store.load_item(THREADS[t], ITEMS[i], user).await)
        }
        Call::LoadThreads(limit, after, asc) => {
            let after = after.map(|n| THREADS[n]);
            let page = store.load_threads(limit, after, direction(asc), user);
            format!("{:?}", page.await)
        }
        Call::LoadItems(t, after, limit, asc) => {
            let after = after.map(|n| ITEMS[n]);
            let page = store.load_thread_items(THREADS[t], after, limit, direction(asc), user);
            format!("{:?}", page.await)
        }
        Call::SaveAttachment(i, n) => {
            let attachment = FileAttachment::new(ITEMS[i], n.to_string(), "text/plain");
            format!(
                "{:?}",
                store.save_attachment(&attachment.into(), user).await
            )
        }
        Call::DeleteAttachment(i) => {
            format!("{:?}", store.delete_attachment(ITEMS[i], user).await)
        }
        Call::LoadAttachment(i) => format!("{:?}", store.load_attachment(ITEMS[i], user).await),
    }
}

/// Plays random calls on fresh stores of one kind. Blocks the thread.
pub(crate) fn answers_as_the_store_in_memory(
    runtime: &Handle,
    open: impl AsyncFn() -> DynStore<User>,
) {
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let calls = prop::collection::vec((call(), any::<bool>()), 1..80);
    let result = TestRunner::new(config).run(&calls, |calls| {
        runtime.block_on(async {
            let known = memory();
            let store = open().await;
            for (step, (call, ann)) in calls.iter().enumerate() {
                // Bob comes less often, and meets what is Ann's.
                let user = if *ann || step % 3 > 0 { &ANN } else { &BOB };
                let expected = answer(&known, call, user, step).await;
                let found = answer(&store, call, user, step).await;
                prop_assert_eq!(found, expected, "step {}", step);
            }
            Ok(())
        })
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
