//! What happens once per token, turn, page or widget state: time and allocations.
//!
//! ```text
//! cargo bench -p chatkit-hot-paths
//! ```
//!
//! Each row is that many times of its path, so divide by it; `hot-paths` without arguments says what each is.

use chatkit_hot_paths::{HOT_PATHS, HotPath};
use divan::{AllocProfiler, Bencher};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = HOT_PATHS, consts = [1, 1000], sample_count = 30)]
fn times<const TIMES: usize>(bencher: Bencher<'_, '_>, path: &HotPath) {
    let run = path.ready();
    bencher.counter(TIMES).bench_local(|| run(TIMES));
}
