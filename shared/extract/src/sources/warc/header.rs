//! The fields of a record, and of the response in it.

/// Names in lower case, with their values.
pub(super) struct Header(Vec<(String, String)>);

impl Header {
    pub(super) fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let fields = lines.filter_map(|line| line.split_once(':'));
        Self(fields.map(|(k, v)| (k.trim().to_ascii_lowercase(), v.trim().to_owned())).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|field| field.0 == name).map(|field| field.1.as_str())
    }
}
