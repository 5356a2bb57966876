#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    properties::utf8::check(data);
});
