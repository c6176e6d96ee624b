//! The CPU of a request as bars, in SVG.

use std::fmt::Write as _;

use anyhow::Result;

use crate::{
    comparison::{Measured, Setting},
    programs::{Program, Runtime},
    results::Results,
};

const WIDTH: f64 = 900.0;
const LABELS: f64 = 430.0;
const ROW: f64 = 20.0;
const HEADING: f64 = 34.0;
/// Beside the longest bar, for its figure.
const FIGURE: f64 = 80.0;

/// The bars under workerd, ours beside the others.
pub(crate) fn svg(results: &Results) -> Result<String> {
    let bars: Vec<&Measured> = results
        .load
        .iter()
        .filter(|measured| {
            measured.runtime == Runtime::Workerd
                && measured.setting == Setting { delay_ms: 0, connections: 16 }
                && (!matches!(measured.program, Program::Ours(_)) || results.beside(measured).is_some())
        })
        .collect();
    let longest = bars.iter().map(|bar| bar.cpu_ms_per_request.median).fold(f64::MIN_POSITIVE, f64::max);
    let height = HEADING + ROW * bars.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"20\" font-weight=\"bold\">CPU of a request under workerd, 16 connections, upstreams of 0 ms</text>\n"
    );
    for (number, bar) in bars.iter().enumerate() {
        let top = HEADING + ROW * number as f64;
        let cpu = bar.cpu_ms_per_request.median;
        let length = (WIDTH - LABELS - FIGURE) * cpu / longest;
        let (label, color) = match bar.program {
            Program::Ours(_) => (format!("{}, Rust", bar.case), "#b7410e"),
            Program::Baseline(_) => (format!("{}, TypeScript", bar.case), "#3178c6"),
            Program::JsCalls(_) => (format!("{}, its calls alone", bar.case), "#999"),
            _ => (bar.program.to_string(), "#999"),
        };
        writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{label}</text>\
             <rect x=\"{LABELS}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{color}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{cpu:.3} ms</text>",
            LABELS - 8.0,
            top + 14.0,
            top + 3.0,
            ROW - 6.0,
            LABELS + length + 6.0,
            top + 14.0,
        )?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
