//! Answers conformance cases: one JSON document a line on standard input, one result a line on standard output.
//!
//! A result is written and flushed before the next case is read.

use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let result = chatkit_tests::conformance::run(&line);
        serde_json::to_writer(&mut output, &result)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}
