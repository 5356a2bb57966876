//! The arrow of imports goes one way only.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer with those of ours that it may name.
const LAYERS: [(&str, &[&str]); 6] = [
    ("proto", &[]),
    ("net", &["proto"]),
    ("chat", &["proto"]),
    ("engine", &["chat"]),
    ("server", &["proto", "net", "chat", "engine"]),
    ("client", &["proto", "net", "chat"]),
];

/// The files that are compiled into the library: those without tests of their own.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the layer has a folder") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name == "tests" || name == "tests.rs" {
            continue;
        }
        if path.is_dir() {
            files.extend(sources(&path));
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without its unit tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file is text");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_layer_names_only_the_layers_it_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (layer, allowed) in LAYERS {
        let files = sources(&src.join(layer));
        assert!(!files.is_empty(), "{layer} has no files");
        for file in files {
            let code = code(&file);
            for (other, _) in LAYERS {
                let names_it = code.contains(&format!("crate::{other}"));
                let may = other == layer || allowed.contains(&other);
                assert!(may || !names_it, "{} must not name {other}", file.display());
            }
        }
    }
}

#[test]
fn the_protocol_s_core_knows_no_runtime_no_clock_and_no_randomness() {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/proto");
    for file in sources(&proto) {
        let code = code(&file);
        for foreign in
            ["tokio", "getrandom", "Instant::now", "SystemTime", "std::net::Tcp", "async "]
        {
            assert!(!code.contains(foreign), "{} names {foreign}", file.display());
        }
    }
}
