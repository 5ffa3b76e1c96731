//! The token of this command.

use std::sync::OnceLock;

/// The token of the service that runs on the data folder.
static OF_FOLDER: OnceLock<String> = OnceLock::new();

/// Takes the token of the service that runs on a data folder, unless the user names one. The first
/// call counts.
pub fn use_token(token: String) {
    OF_FOLDER.get_or_init(|| token);
}

/// Returns the token that requests carry: that of `COURANT_TOKEN`, or in the file that
/// `COURANT_TOKEN_FILE` names, or of the data folder.
pub fn token() -> Option<String> {
    let of_variable = std::env::var("COURANT_TOKEN").ok();
    let of_file = || {
        let path = std::env::var_os("COURANT_TOKEN_FILE")?;
        std::fs::read_to_string(path).ok()
    };
    let token = of_variable.or_else(of_file).or_else(|| OF_FOLDER.get().cloned())?;
    let token = token.trim();
    (!token.is_empty()).then(|| token.to_owned())
}
