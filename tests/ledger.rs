//! The ledger of the RFCs' rules and the tests that prove them agree: each row
//! names its tests, and each of those carries the row's id in a comment above
//! its attributes, as in `// Proves 6455-5.5.3-1.`

use std::fs;
use std::path::{Path, PathBuf};

/// Pages of tables: a row begins with its id and ends with what proves it.
const PAGES: [&str; 2] = ["src/proto/ledger.md", "src/proto/misbehaviour.md"];

/// Where tests are.
const FOLDERS: [&str; 3] = ["src", "tests", "fuzz"];

#[derive(Debug)]
struct Row {
    page: String,
    id: String,
    /// What the last column names, or nothing where it gives a reason instead.
    proofs: Vec<String>,
    has_reason: bool,
}

#[derive(Debug)]
struct Test {
    /// The path of its module and its name: `proto::utf8::the_name` for a test
    /// in the library, `tests/websocket::the_name` for one beside it.
    name: String,
    ids: Vec<String>,
}

#[test]
fn every_rule_has_its_proof_and_every_proof_its_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut rows = Vec::new();
    for page in PAGES.iter().filter(|page| root.join(page).exists()) {
        rows.extend(rows_of(page, &fs::read_to_string(root.join(page)).expect("text")));
    }
    assert!(!rows.is_empty(), "the ledger is not where it was");

    let mut tests = Vec::new();
    let mut problems = Vec::new();
    for file in FOLDERS.iter().flat_map(|folder| source_files(&root.join(folder))) {
        let text = fs::read_to_string(&file).expect("text");
        let module = module_of(file.strip_prefix(root).expect("a file of ours"));
        collect_tests(&module, &text, &mut tests, &mut problems);
    }
    problems.extend(disagreements(&rows, &tests));
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_rule_has_a_level_and_binds_somebody() {
    let page = include_str!("../src/proto/ledger.md");
    for cells in page.lines().filter_map(cells) {
        let [id, level, role, rule, _proofs] = cells[..] else {
            panic!("{} needs five columns", cells[0]);
        };
        assert!(["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"].contains(&level), "{id}");
        assert!(["client", "server", "both", "other"].contains(&role), "{id}");
        assert!(!rule.is_empty(), "{id}");
    }
}

/// The cells of a table's row, unless it is the table's head.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('|')?.trim_end().strip_suffix('|')?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    let is_head = cells[0] == "id" || cells[0].starts_with("--");
    (!is_head).then_some(cells)
}

fn rows_of(page: &str, text: &str) -> Vec<Row> {
    let row = |cells: Vec<&str>| {
        let last = cells[cells.len() - 1];
        let has_reason = last.len() > 2 && last.starts_with('*') && last.ends_with('*');
        // Names stand in backticks: every other piece between them.
        let names = last.split('`').skip(1).step_by(2).map(str::to_owned);
        let proofs = if has_reason { Vec::new() } else { names.collect() };
        Row { page: page.to_owned(), id: cells[0].to_owned(), proofs, has_reason }
    };
    text.lines().filter_map(cells).map(row).collect()
}

/// All Rust and Python files below a folder, without what tools put there.
fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for path in entries.map(|entry| entry.expect("a readable folder").path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            files.extend(source_files(&path));
        } else if name.ends_with(".rs") || name.ends_with(".py") {
            files.push(path);
        }
    }
    files
}

/// How the tests of a file are called: as modules in `src`, as files elsewhere.
fn module_of(file: &Path) -> String {
    let file = file.with_extension("");
    let mut parts: Vec<&str> = file.iter().filter_map(|part| part.to_str()).collect();
    let separator = if parts[0] == "src" { "::" } else { "/" };
    if parts[0] == "src" {
        parts.remove(0);
        parts.retain(|part| *part != "tests");
    }
    parts.retain(|part| !["main", "mod", "lib"].contains(part));
    parts.join(separator)
}

/// Finds the tests of a file with the ids above them.
fn collect_tests(module: &str, text: &str, tests: &mut Vec<Test>, problems: &mut Vec<String>) {
    let mut ids: Vec<String> = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim_start) {
        let proves = line.strip_prefix("// Proves ").or(line.strip_prefix("# Proves "));
        if let Some(list) = proves {
            let list = list.trim_end().trim_end_matches(['.', ',']);
            ids.extend(list.split(',').map(|id| id.trim().to_owned()));
        } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(function) = function_name(line) {
            let name = format!("{module}::{function}");
            let ids = std::mem::take(&mut ids);
            if is_test || function.starts_with("test_") {
                tests.push(Test { name, ids });
            } else if !ids.is_empty() {
                problems.push(format!("{name} is no test, but says that it proves {ids:?}"));
            }
            is_test = false;
        }
    }
}

/// The name behind `fn`, or behind `def` at the start of a line of Python.
fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    let rest = line.strip_prefix("fn ").or(line.strip_prefix("def "))?;
    rest.split(['(', '<']).next()
}

/// Everything in which rows and tests do not agree, with what to do about it.
fn disagreements(rows: &[Row], tests: &[Test]) -> Vec<String> {
    let mut problems = Vec::new();
    for pair in rows.windows(2) {
        problems.extend(misplaced(&pair[0], &pair[1]));
    }
    for row in rows {
        let Row { page, id, proofs, .. } = row;
        if place(id).is_none() {
            problems
                .push(format!("{page}: {id} is no id: write RFC-section-number, or fault-number"));
        }
        if proofs.is_empty() && !row.has_reason {
            problems.push(format!(
                "{page}: {id} has no proof: name tests in its last column, or say there why not, \
                 as in *does not apply: …*"
            ));
        }
        problems.extend(proofs.iter().filter_map(|proof| missing(row, proof, tests)));
    }
    for test in tests {
        problems.extend(test.ids.iter().filter_map(|id| unclaimed(test, id, rows)));
    }
    problems
}

/// Rows of one page stand in the order of their ids, each once.
fn misplaced(before: &Row, row: &Row) -> Option<String> {
    let Row { page, id, .. } = row;
    if before.page != *page || place(&before.id) < place(id) {
        return None;
    }
    Some(match before.id == *id {
        true => format!("{page}: {id} stands there twice: give the second its own number"),
        false => format!("{page}: {id} stands behind {}: sort the rows", before.id),
    })
}

/// Where an id belongs: its RFC and section as numbers, then its own number.
fn place(id: &str) -> Option<(Vec<u32>, u32)> {
    let (section, number) = id.rsplit_once('-')?;
    let section: Result<_, _> = match section {
        "fault" => Ok(Vec::new()),
        _ => section.split(['-', '.']).map(str::parse).collect(),
    };
    Some((section.ok()?, number.parse().ok()?))
}

/// What is wrong with the test that a row names.
fn missing(row: &Row, proof: &str, tests: &[Test]) -> Option<String> {
    let Row { page, id, .. } = row;
    if let Some(cases) = proof.strip_prefix("autobahn ") {
        let fits = are_autobahn_cases(cases);
        return (!fits).then(|| format!("{page}: {id}: the Autobahn suite has no cases {cases}"));
    }
    match tests.iter().filter(|test| is_meant(test, proof)).collect::<Vec<_>>()[..] {
        [] => Some(format!("{page}: {id} names {proof}, which is no test: correct the name")),
        [test] if !test.ids.contains(id) => Some(format!(
            "{page}: {id} names {proof}, which does not say so: write `// Proves {id}.` above it"
        )),
        [_] => None,
        _ => Some(format!("{page}: {id} names {proof}, and several are called that: say which")),
    }
}

/// Whether a row means this test: it gives the end of the test's path, with `…`
/// for pieces of it that need not be told.
fn is_meant(test: &Test, proof: &str) -> bool {
    let path = format!("::{}", test.name);
    let mut rest = &path[..];
    for piece in format!("::{proof}").split('…') {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
    }
    rest.is_empty() || proof.ends_with('…')
}

/// `7.7.*`, `2.10` or `6`, as the suite counts.
fn are_autobahn_cases(cases: &str) -> bool {
    let numbers = cases.strip_suffix(".*").unwrap_or(cases);
    let numbers: Option<Vec<u32>> = numbers.split('.').map(|part| part.parse().ok()).collect();
    numbers.is_some_and(|numbers| matches!(numbers[0], 1..=7 | 9 | 10 | 12 | 13))
}

/// Whether a test says that it proves a rule, but the rule does not name the test.
fn unclaimed(test: &Test, id: &str, rows: &[Row]) -> Option<String> {
    let Some(row) = rows.iter().find(|row| row.id == id) else {
        return Some(format!(
            "{} proves {id}, which is no row: add that, or correct it",
            test.name
        ));
    };
    let named = row.proofs.iter().any(|proof| is_meant(test, proof));
    (!named).then(|| format!("{} proves {id}: name it in that row of {}", test.name, row.page))
}

/// What the check says of a ledger with these rows and a file with these tests.
fn verdict(rows: &[&str], file: &[&str]) -> Vec<String> {
    let (mut tests, mut problems) = (Vec::new(), Vec::new());
    collect_tests("proto::ping", &file.join("\n"), &mut tests, &mut problems);
    let head = "| id | level | role | rule | proved by |\n|---|---|---|---|---|\n";
    problems
        .extend(disagreements(&rows_of("ledger", &(head.to_owned() + &rows.join("\n"))), &tests));
    problems
}

const ROW: &str = "| 6455-5.5.2-1 | MUST | both | A Ping is answered. | `ping::it_is_answered` |";
const TEST: [&str; 3] = ["    // Proves 6455-5.5.2-1.", "    #[test]", "    fn it_is_answered() {"];

#[test]
fn a_ledger_and_tests_that_agree_are_left_in_peace() {
    let nothing: Vec<String> = Vec::new();
    assert_eq!(verdict(&[ROW], &TEST), nothing);
    let python = ["# Proves 6455-5.5.2-1.", "@pytest.mark.slow", "def test_it_is_answered(port):"];
    assert_eq!(verdict(&[&ROW.replace("::it", "::test_it")], &python), nothing);
    assert_eq!(verdict(&[&ROW.replace("it_is_answered", "…is_ans…")], &TEST), nothing);
    let reason = "| 6455-5.5.2-2 | MUST | other | Proxies obey. | *does not apply: no proxy* |";
    assert_eq!(verdict(&[ROW, reason], &TEST), nothing);
    assert_eq!(verdict(&["| fault-1 | Nonsense. | 1002 | `autobahn 4.*` |"], &[]), nothing);
}

#[test]
fn every_disagreement_is_told_with_what_to_do() {
    let row = |proofs: &str| format!("| 6455-5.5.2-1 | MUST | both | A rule. | {proofs} |");
    let two = format!("{ROW}\n{}", ROW.replace("2-1", "1-1"));
    let helper = ["// Proves 6455-5.5.2-1.", "fn helper() {"];
    for (rows, file, complaint) in [
        (&row("")[..], &TEST[1..], "has no proof"),
        (&row("**"), &TEST[1..], "has no proof"),
        (&row("`ping::it_was_answered`"), &TEST, "is no test"),
        (&row("`autobahn 8.1`"), &[], "has no cases 8.1"),
        (ROW, &TEST[1..], "write `// Proves 6455-5.5.2-1.` above it"),
        (ROW, &[TEST, TEST].concat(), "several are called that"),
        (
            &row("`ping::it_…`"),
            &[TEST[1], TEST[2], TEST[1], "fn it_is()"],
            "several are called that",
        ),
        (&row("`ping::it_is`"), &TEST, "is no test"),
        (&row("*does not apply: a reason*"), &TEST, "name it in that row"),
        (&ROW.replace("2-1", "2-2"), &TEST, "6455-5.5.2-1, which is no row"),
        (&ROW.replace("6455-5.5.2-1", "ping"), &[], "ping is no id"),
        (&format!("{ROW}\n{ROW}"), &TEST, "stands there twice"),
        (&two, &TEST, "6455-5.5.1-1 stands behind 6455-5.5.2-1"),
        ("", &helper, "is no test, but says"),
    ] {
        let problems = verdict(&[rows], file);
        assert!(problems.iter().any(|p| p.contains(complaint)), "{complaint}: {problems:?}");
    }
}
