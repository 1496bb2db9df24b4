//! Draws a report as SVG: rates, the queue, and the pictures that were shown, over time.
//!
//! Colours are those of Okabe and Ito, which people who see colours differently can tell apart.

use std::fmt::Write;

use protocol::Duration;

use crate::run::{INTERVAL, Picture, Report, Sample};

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 56.0;

/// Heights of the panels of rates and of the queue, of a picture's row, and between panels.
const RATES: f64 = 260.0;
const QUEUE: f64 = 100.0;
const ROW: f64 = 18.0;
const BETWEEN: f64 = 46.0;

const LINE_COLOUR: &str = "#999999";
const ESTIMATE_COLOUR: &str = "#0072b2";
const SENT_COLOUR: &str = "#e69f00";
const RECEIVED_COLOUR: &str = "#009e73";
const QUEUE_COLOUR: &str = "#cc79a7";
const FREEZE_COLOUR: &str = "#d55e00";

/// Encodings from the smallest, and a screen.
const LAYER_COLOURS: [&str; 4] = ["#cfe3f5", "#7fb3dd", "#2f6fa8", "#5b4a8a"];

/// The report as an SVG document.
#[must_use]
pub fn svg(report: &Report) -> String {
    let rows = report.freezes.len().max(1) as f64;
    let queue_top = TOP + RATES + BETWEEN;
    let rows_top = queue_top + QUEUE + BETWEEN;
    // The legend beside the rows has five lines.
    let height = rows_top + (rows * ROW).max(90.0) + 40.0;
    let mut plot = Plot { out: String::new(), seconds: f64::from(report.plan.seconds) };
    let _ = write!(
        plot.out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let title = format!("{} (seed {})", report.plan.about, report.seed);
    plot.text(LEFT, 24.0, "start", 16, &title);
    plot.rates(&report.samples);
    plot.queue(queue_top, &report.samples);
    plot.pictures(rows_top, report);
    plot.out.push_str("</svg>\n");
    plot.out
}

struct Plot {
    out: String,
    seconds: f64,
}

/// A scale of values above a base line.
#[derive(Clone, Copy)]
struct Scale {
    base: f64,
    height: f64,
    max: f64,
}

impl Scale {
    fn y(self, value: f64) -> f64 {
        self.base - self.height * (value / self.max).min(1.0)
    }
}

impl Plot {
    fn x(&self, at: Duration) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * at.as_secs_f64() / self.seconds
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, size: u32, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            self.out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\">\
             {text}</text>"
        );
    }

    fn rates(&mut self, samples: &[Sample]) {
        // A line without a bottleneck does not stretch the scale; a spike may leave it.
        let line = samples.iter().filter_map(|it| it.line).max().unwrap_or(0);
        let estimate = samples.iter().filter_map(|it| it.estimate).max().unwrap_or(0);
        let mut sent: Vec<u64> = samples.iter().map(|it| it.sent).collect();
        sent.sort_unstable();
        let usual = sent.get(sent.len() * 98 / 100).copied().unwrap_or(0);
        let most = line.max(usual).max(estimate.min(2 * line.max(usual)));
        let scale =
            Scale { base: TOP + RATES, height: RATES, max: nice(most as f64 / 1_000.0 * 1.1) };
        self.axes(scale, "kb/s");
        let kbps = |rate: u64| rate as f64 / 1_000.0;
        let of = |value: fn(&Sample) -> Option<u64>| {
            samples.iter().filter_map(move |it| Some((it.at, kbps(value(it)?)))).collect::<Vec<_>>()
        };
        self.curve(scale, LINE_COLOUR, 3.0, &steps(&of(|it| it.line)));
        self.curve(scale, RECEIVED_COLOUR, 1.0, &smooth(&of(|it| Some(it.received))));
        self.curve(scale, SENT_COLOUR, 1.5, &smooth(&of(|it| Some(it.sent))));
        self.curve(scale, ESTIMATE_COLOUR, 2.0, &of(|it| it.estimate));
        let legend = [
            (LINE_COLOUR, "line"),
            (ESTIMATE_COLOUR, "estimate"),
            (SENT_COLOUR, "sent (0.5 s)"),
            (RECEIVED_COLOUR, "received (0.5 s)"),
        ];
        self.legend(TOP, &legend);
    }

    fn queue(&mut self, top: f64, samples: &[Sample]) {
        let millis: Vec<(Duration, f64)> =
            samples.iter().map(|it| (it.at, it.queue.as_secs_f64() * 1_000.0)).collect();
        let most = millis.iter().map(|(_, it)| *it).fold(50.0, f64::max);
        let scale = Scale { base: top + QUEUE, height: QUEUE, max: nice(most) };
        self.axes(scale, "ms");
        self.curve(scale, QUEUE_COLOUR, 1.5, &millis);
        self.legend(top, &[(QUEUE_COLOUR, "queue")]);
    }

    fn pictures(&mut self, top: f64, report: &Report) {
        for (row, (author, freezes)) in report.freezes.iter().enumerate() {
            let y = top + row as f64 * ROW;
            self.text(LEFT - 8.0, y + 13.0, "end", 12, &format!("of {author}"));
            for sample in &report.samples {
                let shown = sample.pictures.iter().find(|it| it.author == *author);
                if let Some(picture) = shown {
                    self.cell(y, sample.at, picture);
                }
            }
            for (from, to) in &freezes.spans {
                let from = self.x(from.saturating_duration_since(report.began));
                let to = self.x(to.saturating_duration_since(report.began));
                let width = (to - from).max(1.5);
                let _ = writeln!(
                    self.out,
                    "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" \
                     fill=\"{FREEZE_COLOUR}\"/>",
                    y + 2.0,
                    ROW - 4.0
                );
            }
        }
        let base = top + report.freezes.len() as f64 * ROW;
        self.seconds_below(base);
        let legend = [
            (LAYER_COLOURS[0], "layer q"),
            (LAYER_COLOURS[1], "layer h"),
            (LAYER_COLOURS[2], "layer f"),
            (LAYER_COLOURS[3], "screen"),
            (FREEZE_COLOUR, "freeze"),
        ];
        self.legend(top, &legend);
    }

    /// One interval of one picture: as high as it has temporal layers.
    fn cell(&mut self, y: f64, at: Duration, picture: &Picture) {
        let from = self.x(at.saturating_sub(INTERVAL));
        let width = self.x(at) - from + 0.3;
        let colour = LAYER_COLOURS[usize::from(picture.layer).min(3)];
        let height = (ROW - 4.0) * f64::from(picture.temporal.min(2) + 1) / 3.0;
        let height = if picture.layer == 3 { ROW - 4.0 } else { height };
        let _ = writeln!(
            self.out,
            "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"{colour}\"/>",
            y + ROW - 2.0 - height
        );
    }

    fn axes(&mut self, scale: Scale, unit: &str) {
        let right = WIDTH - RIGHT;
        for n in 0..=4 {
            let value = scale.max * f64::from(n) / 4.0;
            let y = scale.y(value);
            let _ = writeln!(
                self.out,
                "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" \
                 stroke=\"#e5e5e5\"/>"
            );
            self.text(LEFT - 8.0, y + 4.0, "end", 12, &format!("{value:.0}"));
        }
        self.text(LEFT - 8.0, scale.base - scale.height - 10.0, "end", 12, unit);
        self.seconds_below(scale.base);
    }

    fn seconds_below(&mut self, base: f64) {
        let step = [1, 2, 5, 10, 20, 50, 100].into_iter();
        let step = step.map(f64::from).find(|step| self.seconds / step <= 12.0).unwrap_or(100.0);
        let mut at = 0.0;
        while at <= self.seconds {
            let x = self.x(Duration::from_secs_f64(at));
            let word = if at + step > self.seconds { format!("{at} s") } else { format!("{at}") };
            self.text(x, base + 16.0, "middle", 12, &word);
            at += step;
        }
    }

    fn curve(&mut self, scale: Scale, colour: &str, width: f64, points: &[(Duration, f64)]) {
        if points.is_empty() {
            return;
        }
        let mut path = String::new();
        for (at, value) in points {
            let _ = write!(path, "{:.1},{:.1} ", self.x(*at), scale.y(*value));
        }
        let _ = writeln!(
            self.out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-linejoin=\"round\"/>",
            path.trim_end()
        );
    }

    fn legend(&mut self, top: f64, entries: &[(&str, &str)]) {
        for (n, (colour, word)) in entries.iter().enumerate() {
            let (x, y) = (WIDTH - RIGHT + 14.0, top + 8.0 + n as f64 * 18.0);
            let _ = writeln!(
                self.out,
                "<rect x=\"{x}\" y=\"{:.1}\" width=\"14\" height=\"8\" fill=\"{colour}\"/>",
                y - 4.0
            );
            self.text(x + 20.0, y + 4.0, "start", 12, word);
        }
    }
}

/// A value as the next instant finds it: rates of a line change at once.
fn steps(points: &[(Duration, f64)]) -> Vec<(Duration, f64)> {
    let pairs = points.windows(2).flat_map(|pair| [pair[0], (pair[1].0, pair[0].1)]);
    pairs.chain(points.last().copied()).collect()
}

/// The mean of each point and up to four before it.
fn smooth(points: &[(Duration, f64)]) -> Vec<(Duration, f64)> {
    let mean = |end: usize| {
        let window = &points[end.saturating_sub(4)..=end];
        window.iter().map(|(_, value)| value).sum::<f64>() / window.len() as f64
    };
    points.iter().enumerate().map(|(n, (at, _))| (*at, mean(n))).collect()
}

/// The least of 1, 2, 4, 5 and 8 times a power of ten that is not below `value`.
pub(crate) fn nice(value: f64) -> f64 {
    let mut power = 1.0;
    loop {
        let fits = [1.0, 2.0, 4.0, 5.0, 8.0].into_iter().map(|it| it * power);
        if let Some(found) = fits.into_iter().find(|it| *it >= value) {
            return found;
        }
        power *= 10.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        for (value, end) in [(0.0, 1.0), (3.0, 4.0), (50.0, 50.0), (2_200.0, 4_000.0)] {
            assert!((nice(value) - end).abs() < 1e-9, "{value}");
        }
    }
}
