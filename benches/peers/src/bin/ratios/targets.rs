//! What wirechat wants to reach, and whether it does.

use crate::measure::{Cost, Measured};

struct Target {
    line: String,
    is_met: bool,
}

impl Target {
    fn new(what: &str, is: &str, wanted: &str, is_met: bool) -> Target {
        let verdict = if is_met { "met" } else { "NOT met" };
        Target { line: format!("target: {what}: {is}, wanted {wanted}: {verdict}"), is_met }
    }

    /// To be at least so many times as fast, to the two decimals that are printed.
    fn speed(what: &str, ours: f64, (than, theirs): (&str, f64), wanted: f64) -> Target {
        let ratio = (theirs / ours * 100.0).round() / 100.0;
        let is = format!("{ratio:.2} of {than}");
        Target::new(what, &is, &format!(">= {wanted:.2}"), ratio >= wanted)
    }
}

/// Prints a line for each target.
pub(crate) fn print(measured: &[Measured]) {
    let targets: Vec<Target> = measured.iter().flat_map(of_case).collect();
    for target in &targets {
        println!("{}", target.line);
    }
    let met = targets.iter().filter(|target| target.is_met).count();
    println!("{met} of {} targets met", targets.len());
}

fn of_case(measured: &Measured) -> Vec<Target> {
    let (Some(ours), Some(peer)) = (measured.ours(), measured.best_peer()) else {
        return Vec::new();
    };
    let what = format!("{}, {}", measured.group, measured.name.replace('/', ", "));
    let than_peer = |wanted| {
        let than = format!("the best peer ({})", peer.name);
        Target::speed(&what, ours.cost, (&than, peer.cost), wanted)
    };
    let than_floor = |floor: Cost| Target::speed(&what, ours.cost, (floor.name, floor.cost), 0.90);
    match (measured.group, measured.size) {
        ("mask", 4096..) => measured.floors().map(than_floor).chain([than_peer(1.00)]).collect(),
        ("mask", _) => vec![than_peer(1.00)],
        ("decode", ..=1024) => vec![than_peer(1.25)],
        // 0.8 of its time.
        ("session", _) if measured.name == "all" => vec![than_peer(1.25)],
        ("decode" | "session", _) => vec![than_peer(1.00)],
        ("handshake", _) => {
            let rate = 1e9 / ours.cost;
            let is = format!("{rate:.0} a second and core");
            vec![Target::new(&what, &is, ">= 10000", rate >= 10_000.0)]
        }
        _ => Vec::new(),
    }
}
