//! Tables, in Markdown.

use crate::measure::{Cost, Measured};

/// One table for each run of cases that differ in the last part of their name only.
pub(crate) fn print(measured: &[Measured], unit: &str) {
    for rows in measured.chunk_by(|one, other| title(one) == title(other)) {
        println!("{}", head(&rows[0], unit));
        for row in rows {
            println!("{}", line(row));
        }
        println!();
    }
}

fn title(measured: &Measured) -> String {
    let mut parts: Vec<&str> = measured.name.split('/').collect();
    parts.pop();
    parts.insert(0, measured.group);
    parts.join(", ")
}

fn head(row: &Measured, unit: &str) -> String {
    let mut cells = vec![format!("{} ({unit})", title(row))];
    cells.extend(row.costs.iter().map(|cost| cost.name.to_owned()));
    cells.push("of the best peer".to_owned());
    cells.extend(row.floors().map(|floor| format!("of {}", floor.name)));
    let rule = format!("|---|{}", "---:|".repeat(cells.len() - 1));
    format!("| {} |\n{rule}", cells.join(" | "))
}

fn line(row: &Measured) -> String {
    let (_, last) = row.name.rsplit_once('/').unwrap_or(("", &row.name));
    let mut cells = vec![last.to_owned()];
    cells.extend(row.costs.iter().map(|cost| number(cost.cost)));
    let ratio = |to: Option<Cost>| match (row.ours(), to) {
        (Some(ours), Some(to)) => format!("{:.2}", to.cost / ours.cost),
        _ => String::new(),
    };
    cells.push(ratio(row.best_peer()));
    cells.extend(row.floors().map(|floor| ratio(Some(floor))));
    format!("| {} |", cells.join(" | "))
}

/// Three figures.
fn number(value: f64) -> String {
    match value {
        _ if value < 10.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
