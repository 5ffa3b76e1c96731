//! The dashboards keep the rules of Grafana's dashboard-linter, whatever is running.

mod live;

use std::collections::HashSet;

use serde_json::{Value, json};

const DASHBOARDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../grafana/dashboards");
const NAMES: [&str; 2] = ["courant", "inference"];
/// Panels that show nothing where there is no GPU, or no process that dispatches to one.
const NEED_A_GPU: [&str; 13] = [
    "GPU launches",
    "GPU success",
    "GPU speedup",
    "Out of memory",
    "Batch size by device",
    "Batch time by device",
    "GPU utilization",
    "GPU memory",
    "GPU ledgers",
    "GPU temperature",
    "GPU power",
    "GPU clocks",
    "GPU throttling",
];
/// The units in use, of those that Grafana knows.
const UNITS: [&str; 10] =
    ["Bps", "bytes", "celsius", "cps", "hertz", "percentunit", "reqps", "s", "short", "watt"];
/// Grafana's grid is this many columns wide.
const COLUMNS: u64 = 24;
/// The matchers that every selector must have, so that the dashboard's choice of processes
/// applies.
const MATCHERS: [&str; 2] = [r#"job=~"$job""#, r#"instance=~"$instance""#];
/// The suffixes of counters and histograms: only their rate has a meaning, not their value.
const CUMULATIVE: [&str; 4] = ["_total", "_bucket", "_sum", "_count"];
const RATE_INTERVAL: &str = "[$__rate_interval]";

/// One query of one panel.
struct Query {
    /// The panel's title.
    panel: String,
    /// PromQL.
    expr: String,
}

/// Every query, with the dashboard's variables replaced: `job` and `instance` are
/// regular expressions, `rate_interval` a duration such as `1m`.
fn queries(job: &str, instance: &str, rate_interval: &str) -> Vec<Query> {
    let fill = |target: &Value| {
        text(&target["expr"])
            .replace("$job", job)
            .replace("$instance", instance)
            .replace("$__rate_interval", rate_interval)
    };
    let query = |title: &str, target: &Value| Query { panel: title.to_owned(), expr: fill(target) };
    let of_panel = |panel: &Value| -> Vec<Query> {
        targets(panel).map(|target| query(text(&panel["title"]), target)).collect()
    };
    NAMES
        .iter()
        .flat_map(|name| panels(&dashboard(name)).flat_map(of_panel).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_dashboards_keep_every_rule() {
    for name in NAMES {
        assert_eq!(violations(&dashboard(name)), Vec::<String>::new(), "{name}");
    }
    let files = std::fs::read_dir(DASHBOARDS).expect("the dashboards' folder");
    assert_eq!(files.count(), NAMES.len(), "a dashboard that no test knows");
}

#[test]
fn only_panels_of_gpus_may_show_nothing() {
    let queries = queries("j", "i", "1m");
    for title in NEED_A_GPU {
        let mut of_panel = queries.iter().filter(|query| query.panel == title).peekable();
        assert!(of_panel.peek().is_some(), "{title:?} is no panel");
        for Query { expr, .. } in of_panel {
            let mut metrics = selectors(expr).map(|selector| selector.metric);
            assert!(metrics.all(|metric| metric.starts_with("courant_gpu_")), "{title}: {expr}");
        }
    }
}

#[test]
fn a_query_keeps_no_variable() {
    let queries = queries("courant-.*", ".+", "1m");
    assert!(queries.len() > 30, "{} queries", queries.len());
    for Query { panel, expr } in queries {
        assert!(!expr.contains('$'), "{panel}: {expr}");
        assert!(expr.contains(r#"job=~"courant-.*", instance=~".+""#), "{panel}: {expr}");
    }
}

#[test]
fn each_broken_rule_is_found() {
    let rate = "/panels/0/targets/0/expr";
    let selector = format!("{{{}, {}}}", MATCHERS[0], MATCHERS[1]);
    let cases = [
        ("/editable", json!(true), "may be edited"),
        ("/templating/list/0/name", json!("source"), "$datasource"),
        ("/templating/list/1/allValue", json!(".*"), "$job"),
        ("/templating/list/2/multi", json!(false), "$instance"),
        ("/templating/list/2/refresh", json!(1), "$instance"),
        ("/panels/0/title", json!(""), "no title"),
        ("/panels/0/description", json!(""), "no description"),
        ("/panels/0/fieldConfig/defaults/unit", json!("articles"), "unit"),
        ("/panels/0/datasource/uid", json!("prometheus"), "data source"),
        ("/panels/0/targets/0/datasource/uid", json!("prometheus"), "data source"),
        ("/panels/0/targets", json!([]), "no query"),
        ("/panels/0/id", json!(2), "shared"),
        ("/panels/0/gridPos/x", json!(4), "overlaps"),
        (rate, json!("sum(courant_entries_total)"), "without a selector"),
        (rate, json!("up"), "no selector"),
        (rate, json!(r#"up{job=~"$job"}"#), "instance"),
        (rate, json!(format!("courant_entries_total{selector}")), "not under rate"),
        (rate, json!(format!("rate(courant_entries_total{selector}[5m])")), "$__rate_interval"),
        (rate, json!(format!("rate(courant_queue_depth{selector}[$__rate_interval])")), "a gauge"),
    ];
    for (pointer, value, expected) in cases {
        let mut broken = dashboard("courant");
        *broken.pointer_mut(pointer).expect(pointer) = value;
        let found = violations(&broken);
        assert!(found.iter().any(|rule| rule.contains(expected)), "{pointer}: {found:?}");
    }
}

fn dashboard(name: &str) -> Value {
    let path = format!("{DASHBOARDS}/{name}.json");
    let json = std::fs::read_to_string(path).expect("the dashboard can be read");
    serde_json::from_str(&json).expect("the dashboard is JSON")
}

/// Returns one line for each breach of a rule.
fn violations(dashboard: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if dashboard["editable"] != false {
        found.push("the dashboard may be edited: changes belong in its file".to_owned());
    }
    found.extend(broken_variables(dashboard));
    found.extend(broken_layout(dashboard));
    for panel in panels(dashboard) {
        let title = text(&panel["title"]);
        found.extend(broken_panel(panel).map(|rule| format!("{title:?}: {rule}")));
        for expr in targets(panel).map(|target| text(&target["expr"])) {
            found.extend(broken_query(expr).into_iter().map(|rule| format!("{title:?}: {rule}")));
        }
    }
    found
}

fn broken_variables(dashboard: &Value) -> Vec<String> {
    let list = dashboard["templating"]["list"].as_array().expect("a list of variables");
    let is_source = |variable: &Value| {
        variable["name"] == "datasource"
            && variable["label"] == "Data source"
            && variable["type"] == "datasource"
            && variable["query"] == "prometheus"
    };
    let is_choice = |variable: &Value, name: &str, label: &str| {
        variable["name"] == name
            && variable["label"] == label
            && variable["type"] == "query"
            && uses_source(variable)
            && text(&variable["query"]).starts_with("label_values(")
            && variable["multi"] == true
            && variable["includeAll"] == true
            && variable["allValue"] == ".+"
            // On every change of the time range.
            && variable["refresh"] == 2
    };
    let holds = [
        ("$datasource", list.iter().any(is_source)),
        ("$job", list.iter().any(|variable| is_choice(variable, "job", "Job"))),
        ("$instance", list.iter().any(|variable| is_choice(variable, "instance", "Instance"))),
    ];
    let broken = holds.iter().filter(|(_, holds)| !holds);
    broken
        .map(|(name, _)| format!("the variable {name} is missing or not as it should be"))
        .collect()
}

fn broken_layout(dashboard: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let (mut ids, mut cells) = (HashSet::new(), HashSet::new());
    for panel in dashboard["panels"].as_array().expect("a list of panels") {
        let title = text(&panel["title"]);
        if !ids.insert(number(&panel["id"])) {
            found.push(format!("{title:?}: its id is shared"));
        }
        let place = |key: &str| number(&panel["gridPos"][key]);
        let (x, y) = (place("x")..place("x") + place("w"), place("y")..place("y") + place("h"));
        let fits = x.end <= COLUMNS;
        if !fits || !y.flat_map(|y| x.clone().map(move |x| (x, y))).all(|cell| cells.insert(cell)) {
            found.push(format!("{title:?}: it overlaps another or leaves the grid"));
        }
    }
    found
}

fn broken_panel(panel: &Value) -> impl Iterator<Item = &'static str> {
    let unit = text(&panel["fieldConfig"]["defaults"]["unit"]);
    let holds = [
        ("it has no title", !text(&panel["title"]).is_empty()),
        ("it has no description", !text(&panel["description"]).is_empty()),
        ("its unit is none of those in use", UNITS.contains(&unit)),
        ("it has no query", targets(panel).next().is_some()),
        ("its data source is fixed", uses_source(panel) && targets(panel).all(uses_source)),
    ];
    holds.into_iter().filter(|(_, holds)| !holds).map(|(rule, _)| rule)
}

fn broken_query(expr: &str) -> Vec<String> {
    let mut found = Vec::new();
    let selectors: Vec<Selector> = selectors(expr).collect();
    if selectors.is_empty() {
        found.push(format!("no selector in {expr}"));
    }
    for Selector { before, metric, matchers, after } in selectors {
        for matcher in MATCHERS.iter().filter(|matcher| !matchers.contains(**matcher)) {
            found.push(format!("{metric} is not chosen by {matcher}"));
        }
        let cumulative = CUMULATIVE.iter().any(|suffix| metric.ends_with(suffix));
        let rated = before.ends_with("rate(") || before.ends_with("increase(");
        match (cumulative, rated) {
            (true, false) => found.push(format!("{metric} is not under rate or increase")),
            (false, true) => found.push(format!("{metric} is a gauge, it has no rate")),
            _ => {}
        }
        if after.starts_with('[') && !after.starts_with(RATE_INTERVAL) {
            found.push(format!("{metric} is not over $__rate_interval"));
        }
    }
    let metrics = expr.matches("courant_").count() + expr.matches("process_").count();
    let selected = expr.match_indices('{').filter(|(at, _)| is_ours(metric_before(&expr[..*at])));
    if metrics > selected.count() {
        found.push(format!("a metric without a selector in {expr}"));
    }
    found
}

/// A metric with its matchers, and what stands around it.
struct Selector<'a> {
    before: &'a str,
    metric: &'a str,
    matchers: &'a str,
    after: &'a str,
}

/// Our matchers hold no braces, so that a selector ends at the next one.
fn selectors(expr: &str) -> impl Iterator<Item = Selector<'_>> {
    expr.match_indices('{').map(|(open, _)| {
        let (head, rest) = (&expr[..open], &expr[open + 1..]);
        let metric = metric_before(head);
        let (matchers, after) = rest.split_once('}').expect("a selector is closed");
        Selector { before: &head[..head.len() - metric.len()], metric, matchers, after }
    })
}

fn metric_before(head: &str) -> &str {
    let start = head.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    &head[start..]
}

fn is_ours(metric: &str) -> bool {
    metric.starts_with("courant_") || metric.starts_with("process_")
}

/// The panels with queries: rows only divide.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let panels = dashboard["panels"].as_array().expect("a list of panels");
    panels.iter().filter(|panel| panel["type"] != "row")
}

fn targets(panel: &Value) -> impl Iterator<Item = &Value> {
    panel["targets"].as_array().into_iter().flatten()
}

fn uses_source(of: &Value) -> bool {
    of["datasource"]["uid"] == "$datasource"
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}
