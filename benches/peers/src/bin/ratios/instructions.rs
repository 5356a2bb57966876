//! Instructions in place of time: they are the same each time, whatever else the
//! machine does. They are not the time: a memory access counts like an addition, and
//! callgrind knows no instruction newer than AVX2.

use std::process::Command;

use wirechat_peers::case::{Case, Contestant};

use crate::measure::Cost;

/// Passes that are counted of each contestant.
const PASSES: u32 = 3;

/// Counts what a message costs each contestant, in a process of its own for each.
pub(crate) fn count(case: &Case) -> Result<Vec<Cost>, String> {
    let cost = |contestant: &Contestant| {
        let all = count_one(&case.id(), contestant.name)?;
        Ok(Cost::new(contestant, case, all / f64::from(PASSES)))
    };
    case.contestants().iter().map(cost).collect()
}

fn count_one(case: &str, contestant: &str) -> Result<f64, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*counted_passes*")
        .arg(this)
        .args(["--only", case, contestant, &PASSES.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let collected = report.lines().find_map(|line| line.split_once("Collected : "));
    collected
        .and_then(|(_, count)| count.trim().parse().ok())
        .ok_or_else(|| format!("callgrind counted nothing:\n{report}"))
}

/// Runs passes of one contestant, after one that is not counted.
pub(crate) fn run(case: &Case, contestant: &str, passes: &str) -> Result<(), String> {
    let passes = passes.parse().map_err(|_| format!("{passes} is not a number of passes"))?;
    let mut contestants = case.contestants().into_iter();
    let mut contestant = contestants
        .find(|it| it.name == contestant)
        .ok_or_else(|| format!("{contestant} is not in {}", case.id()))?;
    (contestant.pass)();
    counted_passes(&mut contestant, passes);
    Ok(())
}

/// By this name callgrind knows when to count.
#[inline(never)]
fn counted_passes(contestant: &mut Contestant, passes: u32) {
    for _ in 0..passes {
        (contestant.pass)();
    }
}
