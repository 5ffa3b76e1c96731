//! The pages of the first account and of the sign-in. They have no script.

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem;\
    color-scheme:light dark}label,input,button{display:block;width:100%;box-sizing:border-box;\
    margin:.5rem 0;font:inherit}";

/// The form of the first account, with the secret of its link.
pub(crate) fn first_account(token: &str) -> String {
    let is_token = token.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let token = if is_token { token } else { "" };
    page(
        "First account",
        &format!(
            "<p>It may do everything. Others are made with it.</p><form method=\"post\" \
             action=\"/setup\"><input type=\"hidden\" name=\"token\" value=\"{token}\"><label>Name \
             <input name=\"name\" required autocomplete=\"username\"></label><label>Password, 10 \
             characters or more <input name=\"password\" type=\"password\" required minlength=\"10\" \
             autocomplete=\"new-password\"></label><button>Make it</button></form>"
        ),
    )
}

/// The page behind the first account.
pub(crate) fn account_made() -> String {
    page("First account", "<p>The account is made. <a href=\"/sign-in\">Sign in</a></p>")
}

/// The form of the sign-in. `fault`: the reason why the last one failed, plain text of our own.
pub(crate) fn sign_in(fault: Option<&str>) -> String {
    let fault = fault.map(|fault| format!("<p role=\"alert\">{fault}</p>")).unwrap_or_default();
    page(
        "Sign in",
        &format!(
            "{fault}<form method=\"post\" action=\"/sign-in\"><label>Name <input name=\"name\" \
             required autocomplete=\"username\"></label><label>Password <input name=\"password\" \
             type=\"password\" required autocomplete=\"current-password\"></label><button>Sign \
             in</button></form>"
        ),
    )
}

fn page(title: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Courant: {title}</title><style>{STYLE}</style>\
         <main><h1>{title}</h1>{content}</main></html>"
    )
}
