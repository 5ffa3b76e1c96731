//! Limited-memory BFGS (Nocedal and Wright, "Numerical Optimization", 2006,
//! algorithms 7.4 and 7.5), with a line search that bisects until the weak Wolfe
//! conditions hold. No randomness: the same function gives the same minimum.
//! Written by hand: it is deterministic and tested here, and `argmin` would bring a
//! framework for this one method.

use std::collections::VecDeque;

/// When the search ends, and what it remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lbfgs {
    /// Steps at most.
    pub(crate) max_steps: usize,
    /// Enough where the gradient's largest component is below this.
    pub(crate) gradient_tolerance: f64,
    /// The number of past steps that the curvature is estimated from.
    pub(crate) memory: usize,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self { max_steps: 200, gradient_tolerance: 1e-6, memory: 10 }
    }
}

/// The place at which a search ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Minimum {
    /// The place.
    pub(crate) at: Vec<f64>,
    /// The function's value there.
    pub(crate) value: f64,
    /// Steps taken.
    pub(crate) steps: usize,
    /// True if the gradient fell below the tolerance.
    pub(crate) converged: bool,
}

/// The Armijo condition's share of the expected descent.
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// The weak Wolfe condition's share of the slope.
const CURVATURE: f64 = 0.9;
const MAX_TRIALS: usize = 40;

impl Lbfgs {
    /// Minimizes a smooth function from `start`. `function` takes a place, writes
    /// the gradient there and returns the value.
    pub(crate) fn minimize(
        &self,
        start: Vec<f64>,
        mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
    ) -> Minimum {
        let mut gradient = vec![0.0; start.len()];
        let value = function(&start, &mut gradient);
        let mut point = Point { at: start, value, gradient };
        let mut past = VecDeque::with_capacity(self.memory);
        for steps in 0..self.max_steps {
            if point.is_still(self.gradient_tolerance) {
                return point.into_minimum(steps, true);
            }
            let direction = direction(&point.gradient, &past);
            let Some(next) = search(&point, &direction, past.is_empty(), &mut function) else {
                return point.into_minimum(steps, false);
            };
            if let Some(pair) = Pair::between(&point, &next) {
                if past.len() == self.memory {
                    past.pop_front();
                }
                past.push_back(pair);
            }
            point = next;
        }
        let converged = point.is_still(self.gradient_tolerance);
        point.into_minimum(self.max_steps, converged)
    }
}

/// A place where the function was asked.
struct Point {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Point {
    /// Returns true if every component of the gradient is smaller in magnitude than `tolerance`.
    /// A component that is not a number is not.
    fn is_still(&self, tolerance: f64) -> bool {
        self.gradient.iter().all(|slope| slope.abs() < tolerance)
    }

    fn into_minimum(self, steps: usize, converged: bool) -> Minimum {
        Minimum { at: self.at, value: self.value, steps, converged }
    }
}

/// A step and how the gradient changed along it.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// One over their product.
    rho: f64,
}

impl Pair {
    /// `None` where the curvature is not positive: it would spoil the estimate.
    fn between(from: &Point, to: &Point) -> Option<Self> {
        let step = difference(&to.at, &from.at);
        let change = difference(&to.gradient, &from.gradient);
        let product = dot(&step, &change);
        (product > f64::EPSILON * dot(&change, &change)).then(|| Self {
            step,
            change,
            rho: 1.0 / product,
        })
    }
}

/// The two-loop recursion: the gradient times the estimated inverse Hessian,
/// turned downhill.
fn direction(gradient: &[f64], past: &VecDeque<Pair>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut alphas = Vec::with_capacity(past.len());
    for pair in past.iter().rev() {
        let alpha = pair.rho * dot(&pair.step, &q);
        add(&mut q, -alpha, &pair.change);
        alphas.push(alpha);
    }
    if let Some(last) = past.back() {
        let scale = 1.0 / (last.rho * dot(&last.change, &last.change));
        q.iter_mut().for_each(|value| *value *= scale);
    }
    for (pair, alpha) in past.iter().zip(alphas.into_iter().rev()) {
        let beta = pair.rho * dot(&pair.change, &q);
        add(&mut q, alpha - beta, &pair.step);
    }
    q
}

/// A point along `direction` that fulfils the weak Wolfe conditions; `None` where
/// the function cannot be lowered any more in its own precision.
fn search(
    from: &Point,
    direction: &[f64],
    first: bool,
    function: &mut impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Option<Point> {
    let slope = dot(&from.gradient, direction);
    if slope.is_nan() || slope >= 0.0 {
        return None;
    }
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut length = if first { 1.0 / dot(direction, direction).sqrt().max(1.0) } else { 1.0 };
    let mut best = None;
    for _ in 0..MAX_TRIALS {
        let mut at = from.at.clone();
        add(&mut at, length, direction);
        let mut gradient = vec![0.0; at.len()];
        let value = function(&at, &mut gradient);
        let lowered = value <= from.value + SUFFICIENT_DECREASE * length * slope;
        let flat_enough = dot(&gradient, direction) >= CURVATURE * slope;
        if lowered {
            low = length;
            best = Some(Point { at, value, gradient });
            if flat_enough {
                break;
            }
        } else {
            high = length;
        }
        length = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * length };
    }
    best
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(to: &mut [f64], times: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_valley_of_rosenbrock_is_followed_to_its_end() {
        let rosenbrock = |at: &[f64], gradient: &mut [f64]| {
            let (x, y) = (at[0], at[1]);
            gradient[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
            gradient[1] = 200.0 * (y - x * x);
            (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
        };
        let found = Lbfgs::default().minimize(vec![-1.2, 1.0], rosenbrock);
        assert!(found.converged, "{found:?}");
        assert!(found.at.iter().all(|value| (value - 1.0).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn a_function_that_is_flat_is_left_where_it_stands() {
        let found = Lbfgs::default().minimize(vec![3.0], |_, _| 1.0);
        assert_eq!(found, Minimum { at: vec![3.0], value: 1.0, steps: 0, converged: true });
    }

    #[test]
    fn a_function_that_is_not_a_number_ends_the_search() {
        let nowhere = |_: &[f64], gradient: &mut [f64]| {
            gradient[0] = f64::NAN;
            f64::NAN
        };
        let found = Lbfgs::default().minimize(vec![3.0], nowhere);
        assert_eq!((found.at, found.converged), (vec![3.0], false));
    }

    proptest! {
        #[test]
        fn any_bowl_is_emptied_to_its_lowest_place(
            centre in prop::collection::vec(-5.0_f64..5.0, 6),
            steepness in prop::collection::vec(0.05_f64..20.0, 6),
        ) {
            let bowl = |at: &[f64], gradient: &mut [f64]| {
                let mut value = 0.0;
                for i in 0..at.len() {
                    let off = at[i] - centre[i];
                    gradient[i] = 2.0 * steepness[i] * off;
                    value += steepness[i] * off * off;
                }
                value
            };
            let found = Lbfgs::default().minimize(vec![0.0; 6], bowl);
            prop_assert!(found.converged);
            for (value, centre) in found.at.iter().zip(&centre) {
                prop_assert!((value - centre).abs() < 1e-4, "{} {}", value, centre);
            }
        }
    }
}
