//! Figures of several rounds, and how they are printed.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// The values of one figure, one for each round.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// The unit, such as `commands/s`.
    pub unit: &'static str,
    /// One for each round that counts.
    pub values: Vec<f64>,
}

impl Figure {
    pub fn new(name: impl Into<String>, unit: &'static str) -> Self {
        Self { name: name.into(), unit, values: Vec::new() }
    }

    /// Adds the value of a round, if the round counts.
    pub fn note(&mut self, counts: bool, value: f64) {
        if counts {
            self.values.push(value);
        }
    }

    /// Of an even number of values, the mean of the two in the middle; 0 without any.
    pub fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => 0.0,
            length if length % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    /// The lowest and the highest value.
    pub fn range(&self) -> (f64, f64) {
        let lowest = self.values.iter().copied().reduce(f64::min).unwrap_or_default();
        (lowest, self.values.iter().copied().reduce(f64::max).unwrap_or_default())
    }

    /// The median as a share of another's.
    pub fn ratio_to(&self, yardstick: &Self) -> f64 {
        self.median() / yardstick.median()
    }

    fn json(&self) -> Value {
        let (lowest, highest) = self.range();
        json!({ "name": self.name, "unit": self.unit, "median": self.median(), "lowest": lowest, "highest": highest,
                "rounds": self.values })
    }
}

/// Latencies of operations that arrived by a schedule.
#[derive(Clone, Debug)]
pub struct Latency {
    pub name: String,
    /// Arrivals per second.
    pub rate: f64,
    /// In microseconds, from the scheduled arrival.
    pub histogram: Histogram<u64>,
}

/// The quantiles that are printed, with their names.
const QUANTILES: [(f64, &str); 5] = [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (1.0, "max")];

impl Latency {
    fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.histogram.value_at_quantile(quantile))
    }

    fn json(&self) -> Value {
        let mut json = json!({ "name": self.name, "arrivals_per_second": self.rate, "count": self.histogram.len() });
        for (quantile, name) in QUANTILES {
            json[name] = json!(self.quantile(quantile).as_secs_f64());
        }
        json
    }

    fn text(&self) -> String {
        let told = QUANTILES
            .map(|(quantile, name)| format!("{name} {:.1} ms", self.quantile(quantile).as_secs_f64() * 1_000.0));
        format!("  {:<44} at {:.0}/s: {}", self.name, self.rate, told.join(", "))
    }
}

/// A figure compared with its yardstick.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// What is compared with what.
    pub name: String,
    /// The ratio of the medians.
    pub value: f64,
    /// The bound that the ratio should keep, if there is one.
    pub wanted: Option<Threshold>,
}

/// The bound of a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// For what should be much, such as commands per second.
    AtLeast(f64),
    /// For what should be little, such as time.
    AtMost(f64),
}

impl Threshold {
    fn json(self) -> Value {
        match self {
            Self::AtLeast(bound) => json!({ "at_least": bound }),
            Self::AtMost(bound) => json!({ "at_most": bound }),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(formatter, "at least {bound:.2}"),
            Self::AtMost(bound) => write!(formatter, "at most {bound:.2}"),
        }
    }
}

/// All findings of one benchmark.
#[derive(Debug, Default)]
pub struct Findings {
    pub figures: Vec<Figure>,
    pub ratios: Vec<Ratio>,
    pub latencies: Vec<Latency>,
    /// What was not measured, and why.
    pub notes: Vec<String>,
}

impl Findings {
    /// Adds a figure, its yardstick and their ratio.
    pub fn compare(&mut self, name: impl Into<String>, figure: &Figure, yardstick: &Figure, wanted: Option<Threshold>) {
        self.ratios.push(Ratio { name: name.into(), value: figure.ratio_to(yardstick), wanted });
    }

    /// The findings for programs.
    pub fn json(&self, bench: &str, cores: usize, profile: &str) -> Value {
        let ratio = |ratio: &Ratio| json!({ "name": ratio.name, "ratio": ratio.value, "wanted": ratio.wanted.map(Threshold::json) });
        json!({
            "bench": bench, "cores": cores, "profile": profile,
            "figures": self.figures.iter().map(Figure::json).collect::<Vec<_>>(),
            "ratios": self.ratios.iter().map(ratio).collect::<Vec<_>>(),
            "latencies_in_seconds": self.latencies.iter().map(Latency::json).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }

    /// The findings for people.
    pub fn text(&self, bench: &str, cores: usize, profile: &str) -> String {
        let mut lines =
            vec![format!("{bench} ({cores} cores, {profile} build; median [lowest … highest] of the rounds)")];
        for figure in &self.figures {
            let (lowest, highest) = figure.range();
            lines.push(format!(
                "  {:<44} {:>10.0} {} [{lowest:.0} … {highest:.0}]",
                figure.name,
                figure.median(),
                figure.unit
            ));
        }
        for ratio in &self.ratios {
            let wanted = ratio.wanted.map(|wanted| format!("  (wanted: {wanted})")).unwrap_or_default();
            lines.push(format!("  {:<44} {:>10.2} ×{wanted}", ratio.name, ratio.value));
        }
        lines.extend(self.latencies.iter().map(Latency::text));
        lines.extend(self.notes.iter().map(|note| format!("  {note}")));
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: &[f64]) -> Figure {
        Figure { values: values.to_vec(), ..Figure::new("x", "y/s") }
    }

    #[test]
    fn the_median_is_in_the_middle_and_the_range_around_it() {
        assert_eq!(figure(&[9.0, 1.0, 5.0]).median(), 5.0);
        assert_eq!(figure(&[4.0, 1.0, 2.0, 9.0]).median(), 3.0);
        assert_eq!(figure(&[9.0, 1.0, 5.0]).range(), (1.0, 9.0));
        assert_eq!(figure(&[]).median(), 0.0);
    }

    #[test]
    fn a_ratio_is_that_of_the_medians() {
        let (one, other) = (figure(&[10.0, 20.0, 90.0]), figure(&[40.0, 1.0, 50.0]));
        assert_eq!(one.ratio_to(&other), 0.5);
    }
}
