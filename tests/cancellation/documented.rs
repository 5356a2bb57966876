//! Every public asynchronous function says what becomes of a dropped future.

use std::fs;
use std::path::{Path, PathBuf};

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let files = |path: PathBuf| if path.is_dir() { rust_files(&path) } else { vec![path] };
    paths.flat_map(files).filter(|path| path.extension().is_some_and(|it| it == "rs")).collect()
}

/// The public asynchronous functions in this text, each with whether it says so.
fn functions(text: &str) -> Vec<(&str, bool)> {
    let mut functions = Vec::new();
    let mut is_documented = false;
    for line in text.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("pub async fn ") {
            functions.push((rest, is_documented));
        }
        match line.starts_with("///") {
            true => is_documented |= line == "/// # Cancel safety",
            // An attribute may stand between the comment and its function.
            false => is_documented &= line.starts_with("#["),
        }
    }
    functions
}

#[test]
fn every_public_async_function_has_a_section_on_cancel_safety() {
    let mut count = 0;
    for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&file).expect("text");
        for (function, is_documented) in functions(&text) {
            assert!(is_documented, "{}: {function}", file.display());
            count += 1;
        }
    }
    assert!(count > 10, "only {count} were found");
}

#[test]
fn a_section_is_missed_where_it_is_not() {
    let text = "/// # Cancel safety\n#[inline]\npub async fn one()\n\npub async fn two()\n\
                /// # Errors\npub async fn three()";
    assert_eq!(functions(text), [("one()", true), ("two()", false), ("three()", false)]);
}
