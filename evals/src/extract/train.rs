//! Learns the weights of the verdict by logistic regression, with equal weight for both classes.
//! It uses plain gradient descent from zero, so that every run gives the same weights.

use courant_extract::{SIGNS, Signs};

use super::pages::{ReadPage, WcxbPage};
use crate::report::Report;

const FOLDS: u64 = 5;
const STEPS: usize = 4000;
const RATE: f64 = 0.5;
/// The factor of the sum of squared weights, which keeps the weights small.
const PENALTY: f64 = 0.002;

struct Example {
    evidence: Signs,
    is_article: bool,
    is_news: bool,
    fold: u64,
}

#[derive(Clone, Copy)]
struct Model {
    bias: f64,
    weights: Signs,
}

impl Model {
    fn logit(&self, evidence: &Signs) -> f64 {
        let products = evidence.iter().zip(&self.weights).map(|(value, weight)| value * weight);
        self.bias + products.sum::<f64>()
    }

    fn learnt(examples: &[&Example]) -> Self {
        let articles = examples.iter().filter(|example| example.is_article).count() as f64;
        let others = examples.len() as f64 - articles;
        let mut model = Self { bias: 0.0, weights: [0.0; SIGNS.len()] };
        for _ in 0..STEPS {
            let mut bias = 0.0;
            let mut slope = model.weights.map(|weight| weight * PENALTY);
            for example in examples {
                let share = 1.0 / (1.0 + (-model.logit(&example.evidence)).exp());
                let (label, count) =
                    if example.is_article { (1.0, articles) } else { (0.0, others) };
                let error = (share - label) / (2.0 * count);
                bias += error;
                for (slope, value) in slope.iter_mut().zip(&example.evidence) {
                    *slope += error * value;
                }
            }
            model.bias -= RATE * bias;
            for (weight, slope) in model.weights.iter_mut().zip(slope) {
                *weight -= RATE * slope;
            }
        }
        model
    }
}

pub(crate) fn train(report: &mut Report, wcxb: &[WcxbPage], fundus: &[ReadPage]) {
    let examples: Vec<Example> = wcxb
        .iter()
        .map(|page| (&page.sample, page.page_type == "article", false))
        .chain(fundus.iter().map(|sample| (sample, true, true)))
        .filter_map(|(sample, is_article, is_news)| {
            let fold =
                sample.host.bytes().fold(7, |hash: u64, byte| hash * 31 % 1009 + u64::from(byte))
                    % FOLDS;
            Some(Example { evidence: sample.signs()?, is_article, is_news, fold })
        })
        .collect();
    let mut left_out: Vec<(&Example, bool)> = Vec::new();
    for fold in 0..FOLDS {
        let seen: Vec<&Example> = examples.iter().filter(|example| example.fold != fold).collect();
        let model = Model::learnt(&seen);
        let unseen = examples.iter().filter(|example| example.fold == fold);
        left_out.extend(unseen.map(|example| (example, model.logit(&example.evidence) > 0.0)));
    }
    print(&Model::learnt(&examples.iter().collect::<Vec<_>>()));
    let share = |is_article: bool, is_news: bool| {
        let of_kind: Vec<bool> = left_out
            .iter()
            .filter(|(example, _)| example.is_article == is_article && example.is_news == is_news)
            .map(|(example, said)| example.is_article == *said)
            .collect();
        of_kind.iter().filter(|right| **right).count() as f64 / of_kind.len() as f64
    };
    let balanced = f64::midpoint(share(true, false), share(false, false));
    report.state("wcxb-dev, balanced accuracy, hosts left out", balanced);
    report.state("wcxb-dev, articles recognized, hosts left out", share(true, false));
    report.state("fundus-publishers, recognized, hosts left out", share(true, true));
}

fn print(model: &Model) {
    println!("//! Learnt by `courant-eval train-verdict`, which prints this file.\n");
    println!("use super::signs::SIGNS;\n");
    println!("pub(super) const BIAS: f64 = {:.3};", model.bias);
    println!("pub(super) const WEIGHTS: [(&str, f64); SIGNS.len()] = [");
    for (name, weight) in SIGNS.iter().zip(model.weights) {
        println!("    ({name:?}, {weight:.3}),");
    }
    println!("];\n");
}
