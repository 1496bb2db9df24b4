//! Curves over time as SVG, for pages that a run leaves behind.
//!
//! Colours are those of Okabe and Ito, which people who see colours differently can tell apart.

use std::fmt::Write as _;

use crate::plot::nice;

const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 30.0;

const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// Some curves on one scale.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    title: String,
    unit: String,
    /// Of what lies on the other axis.
    across: String,
    curves: Vec<Curve>,
}

/// Points from left to right.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
}

impl Curve {
    pub(crate) fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Curve { name: name.to_owned(), points }
    }
}

impl Chart {
    pub(crate) fn new(title: &str, unit: &str) -> Self {
        Chart::over(title, unit, " s")
    }

    /// A chart over something else than seconds, whose unit is `across`.
    pub(crate) fn over(title: &str, unit: &str, across: &str) -> Self {
        let [title, unit, across] = [title, unit, across].map(str::to_owned);
        Chart { title, unit, across, curves: Vec::new() }
    }

    pub(crate) fn with(mut self, curve: Curve) -> Self {
        self.curves.push(curve);
        self
    }

    /// The chart as an SVG element that stands in a page.
    pub(crate) fn svg(&self) -> String {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let end = points().map(|(at, _)| *at).fold(1.0, f64::max);
        let top = nice(points().map(|(_, value)| *value).fold(0.0, f64::max));
        let x = |at: f64| LEFT + (WIDTH - LEFT - RIGHT) * at / end;
        let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value / top).max(0.0);
        let unit = if self.unit.is_empty() { String::new() } else { format!(", {}", self.unit) };
        let title = escape(&format!("{}{unit}", self.title));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             width=\"{WIDTH}\" height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" \
             role=\"img\" aria-label=\"{title}\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{title}</text>\n"
        );
        for n in 0..=4 {
            let value = top * f64::from(n) / 4.0;
            let (at, right) = (y(value), WIDTH - RIGHT);
            let word = if top < 4.0 { format!("{value:.2}") } else { format!("{value:.0}") };
            let _ = writeln!(
                out,
                "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\" \
                 stroke=\"#e5e5e5\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{word}\
                 </text>",
                LEFT - 8.0,
                at + 4.0
            );
        }
        for n in 0..=5 {
            let at = end * f64::from(n) / 5.0;
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at:.0}{}</text>",
                x(at),
                HEIGHT - 12.0,
                escape(&self.across)
            );
        }
        for (n, curve) in self.curves.iter().enumerate() {
            let colour = COLOURS[n % COLOURS.len()];
            let mut path = String::new();
            for (at, value) in &curve.points {
                let _ = write!(path, "{:.1},{:.1} ", x(*at), y(*value));
            }
            let _ = writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
                 stroke-linejoin=\"round\"/><text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}\
                 </text>",
                path.trim_end(),
                WIDTH - RIGHT + 10.0,
                TOP + 10.0 + n as f64 * 18.0,
                escape(&curve.name)
            );
        }
        out.push_str("</svg>\n");
        out
    }
}

/// Text as it may stand in HTML and SVG.
pub(crate) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_point_lies_within_and_words_are_escaped() {
        let points = vec![(0.0, 0.0), (10.0, 3.5)];
        let svg = Chart::new("<b>", "ms").with(Curve::new("a & b", points)).svg();
        assert!(svg.contains("points=\"70.0,190.0 850.0,58.8\""), "{svg}");
        assert!(svg.contains("&lt;b&gt;, ms") && svg.contains("a &amp; b"));
    }
}
