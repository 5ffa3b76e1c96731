use serde::Deserialize;

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Bus {
    url: String,
    max_deliver: u32,
    durable: bool,
}

impl Ranged for Bus {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("max_deliver", self.max_deliver, 0..=100);
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn a_flag_beats_the_environment_beats_the_file() {
    let file = file("[bus]\nurl = 'file'\nmax_deliver = 1\ndurable = false\n");
    let environment = environment(&[
        ("COURANT__BUS__URL", "nats://environment:4222"),
        ("COURANT__BUS__DURABLE", "true"),
        ("HOME", "/root"),
    ]);
    let mut document = Document::load(Some(file.path()), environment).unwrap();
    document.set("bus.url", "flag").unwrap();
    assert!(document.has("bus.url") && !document.has("bus.token") && !document.has("store.url"));
    let bus: Bus = document.section("bus").unwrap();
    assert_eq!(bus, Bus { url: "flag".into(), max_deliver: 1, durable: true });
}

#[test]
fn an_absent_section_is_all_defaults() {
    let document = Document::load(Some(file("").path()), []).unwrap();
    assert_eq!(document.section::<Bus>("bus").unwrap(), Bus::default());
}

#[test]
fn another_agent_s_section_is_skipped_but_an_unknown_one_is_an_error() {
    let skipped = file("[crawler]\nanything = 1\n");
    assert!(Document::load(Some(skipped.path()), []).unwrap().section::<Bus>("bus").is_ok());
    let misnamed = file("[buss]\nurl = 'x'\n");
    let unknown = Document::load(Some(misnamed.path()), []).unwrap_err().to_string();
    let file_name = misnamed.path().display();
    assert!(unknown.starts_with(&format!("{file_name}: unknown section [buss]")), "{unknown}");
    let outside = Document::load(Some(file("url = 'x'\n").path()), []).unwrap_err().to_string();
    assert!(outside.contains("\"url\" stands outside the sections"), "{outside}");
}

#[test]
fn a_wrong_key_is_named_in_one_line() {
    let document = Document::load(Some(file("[bus]\nurll = 'x'\n").path()), []).unwrap();
    let error = document.section::<Bus>("bus").unwrap_err().to_string();
    assert!(error.contains("[bus]") && error.contains("urll"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn a_file_that_is_absent_or_broken_is_one_clear_line() {
    let absent = Document::load(Some(Path::new("/nowhere/courant.toml")), []).unwrap_err();
    assert!(absent.to_string().contains("/nowhere/courant.toml"), "{absent}");
    let broken = Document::load(Some(file("[bus]\nurl = \n").path()), []).unwrap_err();
    assert!(
        broken.to_string().contains("line 2") && !broken.to_string().contains('\n'),
        "{broken}"
    );
}

#[test]
fn an_error_names_the_file_and_the_variables_of_its_section() {
    let file = file("[bus]\nurl = 'x'\n[crawler]\n");
    let error = |environment: &[(&str, &str)]| {
        let environment = self::environment(environment);
        let document = Document::load(Some(file.path()), environment).unwrap();
        document.section::<Bus>("bus").unwrap_err().to_string()
    };
    let name = file.path().display();
    let wrong = error(&[("COURANT__BUS__MAX_DELIVER", "many"), ("COURANT__STORE__URL", "x")]);
    let origin = format!("{name}, COURANT__BUS__MAX_DELIVER: in section [bus]: ");
    assert!(wrong.starts_with(&origin), "{wrong}");
    assert!(wrong.contains("expected a whole number"), "{wrong}");
    let only = Document::load(None, self::environment(&[("COURANT__BUS__MAX_DELIVER", "101")]));
    let only = only.unwrap().section::<Bus>("bus").unwrap_err().to_string();
    assert!(only.starts_with("COURANT__BUS__MAX_DELIVER: bus.max_deliver is 101"), "{only}");
}

#[test]
fn a_variable_without_a_key_is_refused() {
    let refused = Document::load(Some(file("").path()), environment(&[("COURANT__BUS", "x")]));
    assert!(matches!(refused, Err(Error::Variable(_))));
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Store {
    password: Option<Secret>,
}

impl Ranged for Store {
    fn ranges(&self, _: &mut Ranges) {}
}

#[test]
fn a_value_out_of_its_range_is_an_error_of_the_section() {
    let file = file("[bus]\nmax_deliver = 101\n");
    let document = Document::load(Some(file.path()), []).unwrap();
    let error = document.section::<Bus>("bus").unwrap_err().to_string();
    let name = file.path().display();
    assert_eq!(error, format!("{name}: bus.max_deliver is 101, but may be 0 to 100"));
}

#[test]
fn a_secret_is_never_shown() {
    let secret = Secret::new("hunter2");
    assert!(!format!("{secret:?}").contains("hunter2"));
    assert!(!Value::try_from(&secret).unwrap().to_string().contains("hunter2"));
    assert_eq!(secret.reveal(), "hunter2");
}

#[test]
fn a_secret_that_looks_like_a_number_is_refused_without_being_shown() {
    let read = |value: &str| {
        let environment = environment(&[("COURANT__STORE__PASSWORD", value)]);
        let document = Document::load(Some(file("").path()), environment).unwrap();
        document.section::<Store>("store")
    };
    let error = read("48151623").unwrap_err().to_string();
    assert!(error.contains("quotes") && !error.contains("48151623"), "{error}");
    let quoted = read("\"48151623\"").unwrap();
    assert_eq!(quoted.password.unwrap().reveal(), "48151623");
}
