//! How many times as fast as the best peer, and as what the machine allows.
//!
//! ```text
//! ratios                          all cases, in about two minutes
//! ratios decode/text session      the cases whose names begin like that
//! ratios --instructions header    these in instructions, which callgrind counts
//! ratios --only CASE LIBRARY [N]  N passes of one contestant and nothing else,
//!                                 to be run under a profiler
//! ratios --time CASE              what the others start in processes of their own
//! ```

mod instructions;
mod measure;
mod table;
mod targets;

use std::process::ExitCode;

use measure::{Cost, Measured};
use wirechat_peers::case::Case;
use wirechat_peers::cases;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["--time", name] => case(name).map(|case| measure::time_here(&case)),
        ["--only", name, library] => run(name, library, "100"),
        ["--only", name, library, passes] => run(name, library, passes),
        ["--instructions", ref names @ ..] => measure_all(names, instructions::count)
            .map(|measured| table::print(&measured, "instructions")),
        ref names => measure_all(names, measure::time).map(|measured| {
            table::print(&measured, "ns");
            targets::print(&measured);
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ratios: {error}");
            ExitCode::FAILURE
        }
    }
}

fn case(name: &str) -> Result<Case, String> {
    let chosen = cases::all().into_iter().find(|case| case.id() == name);
    chosen.ok_or_else(|| format!("there is no case {name}"))
}

fn run(name: &str, library: &str, passes: &str) -> Result<(), String> {
    instructions::run(&case(name)?, library, passes)
}

/// Measures the cases whose names begin with one of `names`, or all.
fn measure_all(
    names: &[&str],
    measure: fn(&Case) -> Result<Vec<Cost>, String>,
) -> Result<Vec<Measured>, String> {
    let is_chosen =
        |case: &Case| names.is_empty() || names.iter().any(|name| case.id().starts_with(name));
    let cases: Vec<Case> = cases::all().into_iter().filter(is_chosen).collect();
    if cases.is_empty() {
        return Err(format!("no case begins with {}", names.join(" or ")));
    }
    let count = cases.len();
    let mut measured = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        eprintln!("{}/{count} {}", index + 1, case.id());
        measured.push(Measured::new(case, measure(case)?));
    }
    add_sessions(&mut measured);
    Ok(measured)
}

/// Puts whole sessions behind their three phases, if all of these were measured.
fn add_sessions(measured: &mut Vec<Measured>) {
    let is_phase = |it: &Measured| it.group == "session";
    if measured.iter().filter(|it| is_phase(it)).count() == 3
        && let Some(first) = measured.iter().position(is_phase)
        && let Some(session) = Measured::sum("all", &measured[first..first + 3])
    {
        measured.insert(first + 3, session);
    }
}
