//! Reports figures beside their goals.

use std::fmt;

/// The figures that one run measured, in the order of measuring.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

#[derive(Debug)]
struct Figure {
    measure: String,
    value: f64,
    goal: Option<Goal>,
}

/// The values that a figure should reach.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    /// The value below which the command fails.
    pub(crate) at_least: f64,
    /// The value that the project works towards.
    pub(crate) aim: f64,
}

impl Report {
    /// Adds a figure without a goal.
    pub(crate) fn state(&mut self, measure: impl Into<String>, value: f64) {
        self.figures.push(Figure { measure: measure.into(), value, goal: None });
    }

    /// Adds a figure that fails the command if it is below `at_least`.
    pub(crate) fn judge(
        &mut self,
        measure: impl Into<String>,
        value: f64,
        at_least: f64,
        aim: f64,
    ) {
        let goal = Some(Goal { at_least, aim });
        self.figures.push(Figure { measure: measure.into(), value, goal });
    }

    /// Adds the figures of `other` that have goals. `other` measured the same in another way. A
    /// figure fails the command if it is more than `most` below its counterpart here.
    pub(crate) fn compare(&mut self, other: &Self, way: &str, most: f64) {
        let judged = other.figures.iter().filter(|figure| figure.goal.is_some());
        let compared = judged.filter_map(|theirs| {
            let ours = self.figures.iter().find(|ours| ours.measure == theirs.measure)?;
            let goal = Goal { at_least: ours.value - most, aim: ours.value };
            let measure = format!("{}, {way}", theirs.measure);
            Some(Figure { measure, value: theirs.value, goal: Some(goal) })
        });
        let compared: Vec<_> = compared.collect();
        self.figures.extend(compared);
    }

    /// Returns true if each figure with a goal reaches its "at least". NaN never does.
    pub(crate) fn passed(&self) -> bool {
        self.figures.iter().all(Figure::passed)
    }
}

impl Figure {
    fn passed(&self) -> bool {
        self.goal.is_none_or(|goal| self.value >= goal.at_least)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<58} {:>9} {:>9} {:>9}", "measure", "measured", "at least", "aim")?;
        for figure in &self.figures {
            write!(out, "{:<58} {:>9.4}", figure.measure, figure.value)?;
            if let Some(Goal { at_least, aim }) = figure.goal {
                let verdict = if !figure.passed() {
                    "  FAILED"
                } else if figure.value >= aim {
                    "  aim reached"
                } else {
                    ""
                };
                write!(out, " {at_least:>9.4} {aim:>9.4}{verdict}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
