//! Does one hot path so many times and nothing else, so that its instructions can be counted. Without arguments it lists
//! them.
//!
//! ```text
//! cargo build --release -p chatkit-hot-paths
//! valgrind --tool=callgrind target/release/hot-paths delta_of_run 10000
//! ```

use std::process::ExitCode;

use chatkit_hot_paths::HOT_PATHS;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (name, times) = (arguments.next(), arguments.next());
    let times = times.and_then(|times| times.parse().ok());
    let path = HOT_PATHS
        .iter()
        .find(|path| Some(path.name) == name.as_deref());
    match (path, times, name) {
        (Some(path), Some(times), _) => {
            path.ready()(times);
            ExitCode::SUCCESS
        }
        (_, _, None) => {
            for path in HOT_PATHS {
                #[expect(clippy::print_stdout, reason = "it is what was asked for")]
                {
                    println!("{:16}{}", path.name, path.unit);
                }
            }
            ExitCode::SUCCESS
        }
        _ => {
            #[expect(clippy::print_stderr, reason = "a program's usage")]
            {
                eprintln!("usage: hot-paths [NAME TIMES]");
            }
            ExitCode::FAILURE
        }
    }
}
