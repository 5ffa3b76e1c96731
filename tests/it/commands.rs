//! The command line as a newcomer meets it: a search that works, and one clear
//! line where something is wrong.

use std::path::Path;
use std::process::{Command, Output};

use courant_inference::{BareModel, Config, Deps, Precision};
use courant_tests::{EmbeddedPipeline, Program, Publishers, Stack};
use serde_json::Value;

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// The command fails with one line that says `what`.
fn assert_one_line(output: &Output, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    let lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(lines[0].contains(what), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

async fn sample() -> EmbeddedPipeline {
    let publishers = Publishers::sample().await.unwrap();
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    embedded.round().await.unwrap();
    embedded
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_run_and_searched_by_meaning_with_no_word_in_common() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut command = Program::Courant.command().unwrap();
    command.args(["run", "--sample", "--once", "--json", "--data"]).arg(&data);
    command.env("COURANT__SERVICE__HTTP_PORT", "0").env("COURANT__SERVICE__GRPC_PORT", "0");
    let output = run(&mut command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    for kind in ["new", "duplicates", "syndicated", "revisions"] {
        assert!(summary[kind].as_u64().unwrap() >= 1, "the sample holds {kind}: {summary:#}");
    }

    let mut search = Program::Courant.command().unwrap();
    search
        .args(["search", courant_newsstand::MEANING_QUERY, "-k", "3", "--json", "--data"])
        .arg(&data);
    let output = run(&mut search);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let best = &answer["hits"][0];
    assert!(best["text_rank"].is_null(), "found by no word: {best}");
    assert!(
        best["url"].as_str().unwrap().contains(courant_newsstand::MEANING_ANSWER.1),
        "{answer:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_is_shown_with_its_analysis_and_its_neighbours() {
    let embedded = sample().await;
    let stored = embedded.stored().await.unwrap();
    let id = stored[0].id.to_string();
    let output = run(&mut embedded.command(&["article", &id, "--json"]).unwrap());
    let article: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(article["id"], id.as_str(), "{article:#}");
    let analysis = &article["analysis"];
    assert!(analysis["language"].is_string() || analysis["skipped"]["language"].is_string());
    let url = article["url"].as_str().unwrap().replace("//", "//WWW.") + "?utm_source=x#top";
    let output = run(&mut embedded.command(&["article", "--url", &url, "--json"]).unwrap());
    let same: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(same["id"], id.as_str(), "{url}: {same:#}");
    let output = run(&mut embedded.command(&["related", &id, "-k", "2", "--json"]).unwrap());
    let related: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(related["hits"].as_array().unwrap().len(), 2, "{related:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ingested_is_decided_and_stored() {
    let publishers = Publishers::sample().await.unwrap();
    let stack = Stack::start(&publishers).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("articles.jsonl");
    let text =
        "Divers cleared the wreck of a fishing boat from the main channel on Monday morning.";
    let line = |url: &str| serde_json::json!({ "url": url, "title": "Harbour", "text": text });
    let lines = [line("https://a.example/harbour"), line("https://b.example/harbour")];
    std::fs::write(&file, lines.map(|line| line.to_string()).join("\n")).unwrap();

    let ingest = |jsonl: &std::path::Path| {
        let mut command = Program::Courant.command().unwrap();
        command.arg("ingest").arg(jsonl).args(["--to", &stack.nats.url(), "--json"]);
        let output = run(&mut command);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let first = ingest(&file);
    assert_eq!(first["decided"], serde_json::json!({ "new": 1, "syndicated": 1 }), "{first:#}");
    assert_eq!((&first["submitted"], &first["undecided"]), (&2.into(), &0.into()), "{first:#}");
    stack.drained().await.unwrap();
    assert_eq!(stack.stored().await.unwrap().len(), 2);

    let again = ingest(&file);
    assert_eq!(again["decided"], serde_json::json!({ "duplicate": 2 }), "{again:#}");
}

/// A configuration whose encoder is not installed.
const NO_ENCODER: (&str, &str) = ("COURANT__INFERENCE__MODEL", "/nowhere/model");

#[tokio::test(flavor = "multi_thread")]
async fn words_are_searched_without_the_encoder_and_a_hybrid_search_says_so() {
    let embedded = sample().await;
    let search = |mode: &str| {
        let mut command = embedded.command(&["search", "ferry", "--json", "--mode", mode]).unwrap();
        run(command.env(NO_ENCODER.0, NO_ENCODER.1))
    };
    for (mode, told) in [("text", ""), ("hybrid", "text search only: cannot load the encoder")] {
        let output = search(mode);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let lines = usize::from(!told.is_empty());
        assert!(said.contains(told) && said.lines().count() == lines, "{mode}: {said}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["mode"], "text", "{answer:#}");
        assert!(!answer["hits"].as_array().unwrap().is_empty(), "{answer:#}");
    }
    assert_one_line(&search("vector"), "cannot load the encoder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_postgres_server_is_searched_and_checked() {
    let publishers = Publishers::sample().await.unwrap();
    let stack = Stack::start(&publishers).await.unwrap();
    stack.round().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let courant = |arguments: &[&str], redis: &str| {
        let mut command = Program::Courant.command().unwrap();
        command.args(arguments).current_dir(folder.path());
        command.env("COURANT__STORE__URL", stack.postgres.url());
        command.env("COURANT__BUS__URL", stack.nats.url());
        run(command.env("COURANT__CACHE__REDIS_URL", redis))
    };
    let found = courant(&["search", "ferry", "--json"], &stack.redis.url());
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let answer: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert!(!answer["hits"].as_array().unwrap().is_empty(), "{answer:#}");
    assert_one_line(&courant(&["status"], &stack.redis.url()), "ask their gateway");

    let checked = courant(&["doctor"], &stack.redis.url());
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    for server in ["ok    bus.url: NATS", "ok    store.url: Post", "ok    cache.redis_url: Redis"] {
        assert!(told.contains(server), "{told}");
    }
    let faulty = courant(&["doctor"], "redis://127.0.0.1:9");
    let told = String::from_utf8_lossy(&faulty.stdout).into_owned();
    assert!(!faulty.status.success() && told.contains("fault cache.redis_url"), "{told}");
}

#[test]
fn output_that_cannot_be_written_is_one_line_and_a_reader_that_left_is_none() {
    let config = || {
        let mut command = Program::Courant.command().unwrap();
        command.arg("config");
        command
    };
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = config().stdout(full).stderr(std::process::Stdio::piped()).spawn();
    let output = output.unwrap().wait_with_output().unwrap();
    assert_one_line(&output, "cannot write the output: No space left");
    assert_eq!(output.status.code(), Some(1));

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = config().stdout(writer).stderr(std::process::Stdio::piped()).spawn();
    let output = output.unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands = [
        "run",
        "sample",
        "ingest",
        "publish",
        "search",
        "related",
        "article",
        "status",
        "extract",
        "canonicalize",
        "robots",
        "feed",
        "dedup",
        "embed",
        "analyze",
        "admin",
        "dlq",
        "config",
        "doctor",
        "migrate",
        "mcp",
        "models",
    ];
    for name in commands {
        let output = run(Program::Courant.command().unwrap().args([name, "--help"]));
        let help = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && help.contains("Example:"), "{name}: {help}");
    }
}

#[test]
fn wrong_input_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let courant = |arguments: &[&str]| {
        let mut command = Program::Courant.command().unwrap();
        command.args(arguments).current_dir(folder.path());
        run(&mut command)
    };

    std::fs::write(path("wrong-key.toml"), "[crawler]\nmin_dealy_ms = 5\n").unwrap();
    assert_one_line(
        &courant(&["run", "--once", "--config", &path("wrong-key.toml")]),
        "min_dealy_ms",
    );
    std::fs::write(path("wrong-section.toml"), "[crawlre]\n").unwrap();
    assert_one_line(
        &courant(&["run", "--once", "--config", &path("wrong-section.toml")]),
        "crawlre",
    );
    assert_one_line(&courant(&["run", "--once", "--config", &path("absent.toml")]), "absent.toml");
    std::fs::write(path("wrong-value.toml"), "[service]\ndrain_s = 5\n").unwrap();
    assert_one_line(
        &courant(&["run", "--once", "--config", &path("wrong-value.toml")]),
        "service.drain_s is 5 seconds, but may be 21 to 3600 seconds",
    );
    std::fs::write(path("servers.toml"), "[store]\nurl = \"postgres://127.0.0.1/courant\"\n")
        .unwrap();
    assert_one_line(
        &courant(&["run", "--once", "--config", &path("servers.toml")]),
        "store.url is set, but one process keeps everything in its data folder",
    );

    assert_one_line(&courant(&["run", "--once", &path("absent.xml")]), "absent.xml");
    std::fs::write(path("noise.bin"), [0u8, 159, 146, 150].repeat(64)).unwrap();
    assert_one_line(&courant(&["run", "--once", &path("noise.bin")]), "noise.bin");

    assert_one_line(
        &courant(&["search", "rain", "--server", "http://127.0.0.1:9"]),
        "no service answers",
    );
    let nothing = path("nothing");
    let nothing = ["--data", &nothing];
    for reading in [&["search", "rain"][..], &["status"], &["feeds"], &["check"]] {
        assert_one_line(&courant(&[reading, &nothing[..]].concat()), "there is no data folder at");
    }
    assert_one_line(&courant(&["article", "../status"]), "is no id; give 8 to 32");
    assert_one_line(&courant(&["related", ""]), "is no id");
    assert_one_line(
        &courant(&["article", "--url", "mailto:a@b.example"]),
        "the scheme is \"mailto\", not http or https",
    );
    assert_one_line(
        &courant(&["dlq", "list", "--bus", "nats://127.0.0.1:9"]),
        "cannot reach the bus",
    );
    assert_one_line(
        &courant(&["admin", "crawler", "status", "--server", "http://127.0.0.1:9"]),
        "no agent answers",
    );
    assert_one_line(&courant(&["feed", &path("noise.bin")]), "not a feed");
    std::fs::write(path("text"), "The harbour reopened on Monday after divers cleared it.")
        .unwrap();
    let text = path("text");
    let publish = |url: &str, more: &[&str]| {
        courant(&[&["publish", "--title", "Harbour", "--url", url, &text], more].concat())
    };
    let url = "https://a.example/b";
    assert_one_line(&publish("ftp://a.example/b", &[]), "ftp://a.example/b");
    assert_one_line(&publish(url, &["--data", &path("nothing")]), "start `courant run`");
    assert_one_line(&publish(url, &["--to", "http://127.0.0.1:9"]), "no gateway answers");
    assert_one_line(&publish(url, &["--to", "nats://127.0.0.1:9"]), "cannot reach the bus");
    assert_one_line(&courant(&["ingest", &path("absent.jsonl")]), "absent.jsonl");
    for call in [&["list"][..], &["show", "7"], &["drop", "7"], &["replay", "7"]] {
        let nothing = [&["dlq"], call, &nothing[..]].concat();
        assert_one_line(&courant(&nothing), "there is no data folder at");
    }
    assert!(!folder.path().join("nothing").exists(), "no command created what it read");
}

#[test]
fn a_damaged_folder_is_named_with_the_way_out_and_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let courant = |arguments: &[&str]| {
        let mut command = Program::Courant.command().unwrap();
        run(command.args(arguments).arg("--data").arg(&data).current_dir(folder.path()))
    };
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("spool.db"), [7; 10_000]).unwrap();
    let started = courant(&["run", "--once"]);
    let said = String::from_utf8_lossy(&started.stderr).into_owned();
    assert!(!started.status.success() && said.contains("spool.db"), "{said}");
    assert!(said.contains("courant check --repair"), "{said}");
    let checked = courant(&["check"]);
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(!checked.status.success() && told.contains("spool.db"), "{told}");
    let repaired = courant(&["check", "--repair"]);
    let told = String::from_utf8_lossy(&repaired.stdout).into_owned();
    assert!(repaired.status.success() && told.contains("spool.damaged-1"), "{told}");
    assert_eq!(std::fs::read(data.join("spool.damaged-1")).unwrap(), [7; 10_000]);
    assert!(courant(&["dlq", "list"]).status.success());
}

#[test]
fn wrong_input_to_models_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let models = |arguments: &[&str]| {
        let mut command = Program::Courant.command().unwrap();
        run(command.arg("models").args(arguments).current_dir(folder.path()))
    };
    std::fs::write(folder.path().join("wrong.jsonl"), "{\"text\":\"x\",\"label\":\"odd\"}")
        .unwrap();
    let wrong = [
        (&["pull", "owner/repo"][..], "hf:owner/repo"),
        (&["verify", "nobody"], "no encoder and no head called"),
        (&["train", "sentiment", "--data", "absent.jsonl"], "absent.jsonl"),
        (&["train", "topics", "--data", "wrong.jsonl"], "line 1: the topic \"odd\" is unknown"),
        (&["train", "topics", "--data", "wrong.jsonl", "--languages", "eng"], "ISO 639-1"),
        (&["evaluate", "nobody", "--data", "wrong.jsonl"], "no encoder, head or file called"),
        (&["evaluate", "wrong.jsonl", "--data", "wrong.jsonl"], "wrong.jsonl is no head"),
        (&["calibrate", "--data", "absent.jsonl"], "absent.jsonl"),
        (&["calibrate", "--data", "wrong.jsonl", "--percentage", "0"], "--percentage is 0"),
        (&["calibrate", "--data", "wrong.jsonl"], "too few texts"),
        (&["promote", "nobody"], "neither NAME@VERSION nor a head's file"),
        (&["promote", "weather@0123456789ab"], "no head is called"),
        (&["promote", "entities@0123456789ab"], "entities has no version 0123456789ab"),
        (&["rollback", "weather"], "no head is called"),
        (&["rollback", "entities"], "nothing to return to"),
    ];
    for (arguments, what) in wrong {
        assert_one_line(&models(arguments), what);
    }
}

#[test]
fn every_command_of_models_has_help_with_an_example() {
    let names = ["list", "pull", "verify", "train", "evaluate", "calibrate", "promote", "rollback"];
    for name in names {
        let output = run(Program::Courant.command().unwrap().args(["models", name, "--help"]));
        let help = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && help.contains("Example:"), "{name}: {help}");
    }
}

#[test]
fn what_a_pulled_encoder_is_pinned_with_is_printed() {
    let cache = tempfile::tempdir().unwrap();
    let repository = cache.path().join("models--tests--tiny");
    let snapshot = repository.join("snapshots/0123");
    std::fs::create_dir_all(snapshot.join("onnx")).unwrap();
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), "0123").unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/inference/tests/fixtures");
    for (file, place) in [
        ("model.onnx", "onnx/model.onnx"),
        ("tokenizer.json", "tokenizer.json"),
        ("config.json", "config.json"),
    ] {
        std::fs::copy(fixtures.join("tiny").join(file), snapshot.join(place)).unwrap();
    }
    let mut command = Program::Courant.command().unwrap();
    command.args(["models", "pull", "hf:tests/tiny"]).current_dir(cache.path());
    let output = run(command.env("COURANT__INFERENCE__HUB_CACHE", cache.path()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The printed text is a configuration that loads the model.
    std::fs::write(cache.path().join("courant.toml"), output.stdout).unwrap();
    let mut command = Program::Courant.command().unwrap();
    command.args(["models", "verify", "hf:tests/tiny"]).current_dir(cache.path());
    let output = run(command.env("COURANT__INFERENCE__HUB_CACHE", cache.path()));
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && found.contains("a unit vector of 8 values"), "{found}");
}

/// Twenty sentences of each sentiment.
fn labelled() -> String {
    let line = |number: u32, label: &str, text: &str| {
        let text = format!("{text} number {number}.");
        serde_json::json!({ "text": text, "label": label }).to_string() + "\n"
    };
    let lines = (0..20).flat_map(|number| {
        [
            line(number, "positive", "The mayor praised the brilliant rescue by volunteer team"),
            line(number, "negative", "Critics condemned the corrupt and shameful deal"),
            line(number, "neutral", "The council meets on Tuesday in room"),
        ]
    });
    lines.collect()
}

/// The ranges are fixed: a text has the same vector beside longer ones as alone.
fn assert_independent_of_the_batch(model: &Path) {
    let config = Config {
        model: model.to_str().unwrap().to_owned(),
        precision: Precision::Int8Static.into(),
        ..Config::default()
    };
    let model = BareModel::load(&config, &Deps::resolve()).unwrap();
    let mut session = model.session().unwrap();
    let text = |count| "Rain fell on the old harbour town. ".repeat(count);
    let ids: Vec<_> = (1..12).map(|count| model.tokens(&text(count)).unwrap()).collect();
    let together = session.run(&ids.iter().collect::<Vec<_>>()).unwrap();
    for (ids, batched) in ids.iter().zip(together) {
        let cosine = session.run(&[ids]).unwrap()[0].cosine(&batched);
        assert!(cosine >= 0.99999, "{cosine}");
    }
}

#[test]
fn an_encoder_is_calibrated_and_its_default_stays() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("texts.jsonl"), labelled()).unwrap();
    let model = folder.path().join("model");
    std::fs::create_dir(&model).unwrap();
    for file in std::fs::read_dir(courant_tests::deps().join("models/all-MiniLM-L6-v2")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), model.join(file.file_name())).unwrap();
    }
    let models = |arguments: &[&str]| {
        let mut command = Program::Courant.command().unwrap();
        command.arg("models").args(arguments).current_dir(folder.path());
        run(command.env("COURANT__INFERENCE__MODEL", &model))
    };
    let calibrate = ["calibrate", "--data", "texts.jsonl", "--max-texts", "20", "--json"];
    let output = models(&calibrate);
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("needs a processor with VNNI") {
        eprintln!("SKIPPED: {said}");
        return;
    }
    assert!(output.status.success(), "{said}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(metadata["quality"]["mean_cosine"].as_f64().unwrap() > 0.95, "{metadata:#}");
    assert_eq!(metadata["calibration"]["texts"], 20);
    let graph = || std::fs::read(model.join("encoder-int8-static.onnx")).unwrap();
    let first = graph();
    assert!(models(&calibrate).status.success());
    assert!(graph() == first, "the same texts give the same graph");
    assert_independent_of_the_batch(&model);

    let output = models(&["list", "--json"]);
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let path = model.to_str().unwrap();
    let own = listed["encoders"].as_array().unwrap().iter().filter(|row| row["model"] == path);
    let told: Vec<_> = own.map(|row| (row["precision"].clone(), row["active"].clone())).collect();
    let precisions = ["fp32", "fp16", "int8", "int8-static"];
    let expected = precisions.map(|name| (name.into(), (name == "int8").into()));
    assert_eq!(told, expected);
    let output = models(&["verify", path]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_head_is_trained_measured_promoted_and_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("labelled.jsonl"), labelled()).unwrap();
    let models = |arguments: &[&str]| {
        let mut command = Program::Courant.command().unwrap();
        run(command.arg("models").args(arguments).current_dir(folder.path()))
    };
    let answer = |arguments: &[&str]| {
        let output = models(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let in_use = || {
        let listed = answer(&["list", "--json"]);
        let heads = listed["heads"].as_array().unwrap();
        let is_it = |head: &&Value| head["name"] == "news-sentiment" && head["active"] == true;
        heads.iter().find(is_it).unwrap().clone()
    };
    let train = ["train", "sentiment", "--data", "labelled.jsonl", "--json"];
    for out in ["one.json", "two.json"] {
        answer(&[&train[..], &["--out", out]].concat());
    }
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(bytes("one.json"), bytes("two.json"));

    let trained = answer(&train);
    assert!(trained["scores"]["macro_f1"].as_f64().unwrap() > 0.8, "{trained:#}");
    let head = format!("news-sentiment@{}", trained["version"].as_str().unwrap());
    let evaluate = ["evaluate", &head, "--data", "labelled.jsonl", "--json"];
    let measured = answer(&[&evaluate[..], &["--at-least", "0.8"]].concat());
    assert_eq!(measured["texts"], trained["held_back"], "only what it never saw: {measured:#}");
    let gate = models(&[&evaluate[..], &["--at-least", "1.1"]].concat());
    assert_one_line(&gate, "less than 1.1");

    assert_one_line(&models(&["promote", &head]), "say --data FILE");
    assert_eq!(in_use()["origin"], "built-in");
    let promoted = answer(&["promote", &head, "--data", "labelled.jsonl", "--json"]);
    assert_eq!(promoted["changes"][0]["what"], "promoted", "{promoted:#}");
    assert_eq!(in_use()["version"], trained["version"]);
    assert_one_line(&models(&["promote", &head, "--force"]), "in use already");

    answer(&["rollback", "news-sentiment", "--json"]);
    assert_eq!(in_use()["origin"], "built-in");
}

#[test]
fn an_agent_without_its_servers_is_one_clear_line() {
    let agent = |name, environment: &[(&str, &str)]| {
        let mut command = Program::Agent(name).command().unwrap();
        run(command.envs(environment.iter().copied()).env("COURANT__TELEMETRY__LOG", "off"))
    };
    for name in ["crawler", "gateway", "embedder", "analyst", "storage"] {
        let nowhere = [("COURANT__BUS__URL", "nats://127.0.0.1:9")];
        assert_one_line(&agent(name, &nowhere), "no NATS server answers at 127.0.0.1:9");
        assert_one_line(&agent(name, &[]), "cannot reach the bus");
        assert_one_line(&agent(name, &[("COURANT__BUS__ULR", "x")]), "ulr");
    }
}

#[test]
fn a_corrupt_model_and_a_folder_that_cannot_be_written_are_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    let shipped = courant_tests::deps().join("models/all-MiniLM-L6-v2");
    std::fs::create_dir(&model).unwrap();
    for file in std::fs::read_dir(shipped).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), model.join(file.file_name())).unwrap();
    }
    let tokenizer = model.join("tokenizer.json");
    std::fs::write(&tokenizer, "{}").unwrap();
    let mut command = Program::Courant.command().unwrap();
    command.args(["run", "--once", "--data"]).arg(folder.path().join("data"));
    command.env("COURANT__INFERENCE__MODEL", &model);
    command.env("COURANT__SERVICE__HTTP_PORT", "0").env("COURANT__SERVICE__GRPC_PORT", "0");
    assert_one_line(&run(&mut command), "tokenizer.json");

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut command = Program::Courant.command().unwrap();
    command.args(["run", "--once", "--data"]).arg(file.join("data"));
    assert_one_line(&run(&mut command), "cannot make the folder");
}

/// The store that release 0.1.0 wrote, in a data folder.
fn data_of_0_1_0(folder: &Path) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/store/tests/fixtures");
    let packed = std::fs::File::open(fixtures.join("0.1.0/courant.db.gz")).unwrap();
    let mut store = std::fs::File::create(folder.join("courant.db")).unwrap();
    std::io::copy(&mut flate2::read::GzDecoder::new(packed), &mut store).unwrap();
}

#[test]
fn a_store_of_an_earlier_release_is_checked_and_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = |arguments: &[&str]| {
        let mut command = Program::Courant.command().unwrap();
        command.arg("migrate").args(arguments).arg("--data").arg(folder.path());
        run(command.env("COURANT__STORE__DIMENSION", "4"))
    };
    let says = |output: &Output, what: &str| {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(what), "{said}");
    };
    assert_one_line(&migrate(&["--check"]), "there is no store");
    data_of_0_1_0(folder.path());
    for _ in 0..2 {
        let pending = migrate(&["--check"]);
        assert_one_line(&pending, "run `courant migrate`");
        says(&pending, "schema version 2, this program knows");
    }
    let migrated = migrate(&[]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    says(&migrated, "from schema version 2 to");
    let checked = migrate(&["--check"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    says(&checked, "this program knows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_vectors_of_another_encoder_is_refused_at_the_start() {
    let embedded = sample().await;
    let store = rusqlite::Connection::open(embedded.data().join("courant.db")).unwrap();
    let changed = store.execute("UPDATE setting SET value = 'older' WHERE name = 'encoder'", []);
    assert_eq!(changed.unwrap(), 1);
    drop(store);
    let output = run(&mut embedded.command(&["run", "--once"]).unwrap());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("vectors of the encoder \"older\""), "{said}");
    assert!(said.contains("set inference.model"), "{said}");
}
