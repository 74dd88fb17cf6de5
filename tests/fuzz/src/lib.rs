//! What the targets have in common. The rules are in [`properties`]; the test `end-to-end` of the workspace has them too.

#![forbid(unsafe_code)]

pub mod properties;

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let built = Builder::new_current_thread().enable_time().build();
    built.expect("a runtime")
});

/// Runs a future of this crate's, and the tasks it starts, to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}
