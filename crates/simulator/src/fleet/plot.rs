//! The requests of a fleet over time, as a picture that any browser shows.
//! Written by hand: a line, two shaded outages, and what is twice the normal.

use std::fmt::Write as _;

use super::{BANK_AWAY, END, Report, STEP, TOKEN_AWAY};

const WIDTH: u64 = 960;
const HEIGHT: u64 = 360;

/// Requests a second over time.
#[must_use]
pub fn svg(report: &Report) -> String {
    let normal = report.normal().max(1);
    let most = report.steps.iter().copied().max().unwrap_or(1).max(2 * normal) * 11 / 10;
    let x = |second: u64| second * WIDTH / END.as_secs();
    let y = |count: u64| HEIGHT - count * HEIGHT / most;
    let mut plot = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-70 -30 {} {}\" font-family=\"sans-serif\" font-size=\"13\">\n",
        WIDTH + 90,
        HEIGHT + 70
    );
    for (away, name) in [(BANK_AWAY, "bank away"), (TOKEN_AWAY, "token endpoint away")] {
        let (from, to) = (x(away.start), x(away.end));
        // Writing to a text never fails.
        let _ = writeln!(
            plot,
            "<rect x=\"{from}\" y=\"0\" width=\"{}\" height=\"{HEIGHT}\" fill=\"#eee\"/><text x=\"{from}\" y=\"-8\">{name}</text>",
            to - from
        );
    }
    for (count, name) in [(normal, "normal"), (2 * normal, "twice")] {
        let at = y(count);
        let _ = writeln!(
            plot,
            "<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#888\" stroke-dasharray=\"4 4\"/><text x=\"-62\" y=\"{at}\">{name} {}</text>",
            count / STEP
        );
    }
    let steps = (0_u64..).zip(&report.steps);
    let points: Vec<String> =
        steps.map(|(step, count)| format!("{},{}", x(step * STEP), y(*count))).collect();
    let _ = writeln!(
        plot,
        "<polyline fill=\"none\" stroke=\"#05b\" stroke-width=\"1.5\" points=\"{}\"/>",
        points.join(" ")
    );
    let _ = writeln!(
        plot,
        "<text x=\"0\" y=\"{}\">requests a second of {} machines over {} minutes</text>\n</svg>",
        HEIGHT + 24,
        report.kiosks,
        END.as_secs() / 60
    );
    plot
}
