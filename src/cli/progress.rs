//! Progress on standard error: a bar on a terminal, a line every few seconds
//! elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Interval of the lines where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(5);

/// Progress of a long run.
pub struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
    unit: &'static str,
    started: Instant,
    last_line: Instant,
}

impl Progress {
    /// Progress towards `total` units.
    pub fn new(total: u64, unit: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(&format!(
                "{{bar:40}} {{human_pos}}/{{human_len}} {unit}  {{elapsed}} (left {{eta}})  {{msg}}"
            ))
            .expect("a constant template");
            ProgressBar::new(total).with_style(style)
        });
        Self {
            bar,
            total,
            unit,
            started: Instant::now(),
            last_line: Instant::now(),
        }
    }

    /// Corrects the total.
    pub fn resize(&mut self, total: u64) {
        self.total = total;
        if let Some(bar) = &self.bar {
            bar.set_length(total);
        }
    }

    /// Reports that `done` units are finished, and what is being worked on.
    pub fn at(&mut self, done: u64, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(what.to_owned());
        } else if self.last_line.elapsed() >= INTERVAL {
            self.last_line = Instant::now();
            let elapsed = self.started.elapsed().as_secs_f64();
            let left = elapsed * self.total.saturating_sub(done) as f64 / done.max(1) as f64;
            eprintln!(
                "{done}/{} {} after {elapsed:.0} s, {left:.0} s left: {what}",
                self.total, self.unit
            );
        }
    }

    /// Removes the bar.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
