#![no_main]

use chatkit_fuzz::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| properties::event_streams(bytes));
