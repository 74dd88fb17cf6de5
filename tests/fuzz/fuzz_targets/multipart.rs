#![no_main]

use chatkit_fuzz::{block_on, properties};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| block_on(properties::multipart(bytes)));
