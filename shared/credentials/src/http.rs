//! Tokens, people, sessions and the audit over HTTP.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use courant_access::{PasswordError, Principal, Role, SESSION_COOKIE, Scopes, TokenRecord};
use courant_api::ErrorCode;
use courant_api::access::{
    AuditAnswer, AuditParams, MadeToken, NewPerson, NewTokenRequest, PeopleAnswer, PersonChange,
    PersonView, RotateParams, SessionView, SignIn, TokensAnswer,
};
use courant_api::openapi::{Media, Operation};
use courant_service::{JsonBody, Parameters, RawBody, Refusal, Routes};
use serde::Deserialize;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::pages;
use crate::tokens::{NewToken, new_token};
use crate::wording::{audit_view, person_view, token_view, words};

/// The longest time of an answer: a password waits for those before it.
const TIME: Duration = Duration::from_secs(30);
const MAX_BODY_BYTES: usize = 16 << 10;
/// The wait of a client whose password could not be checked.
const BUSY: Duration = Duration::from_secs(5);
/// The form may be sent to its own origin alone.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";
const FORM: &str = "application/x-www-form-urlencoded";
const WRONG: &str = "the name or the password is wrong";
const HTML: &str = "text/html; charset=utf-8";

impl Credentials {
    /// Returns the routes of tokens, people, sessions and the audit.
    pub fn routes(&self) -> Routes {
        let routes = tokens().merge(people()).merge(sessions());
        routes.limited(TIME, MAX_BODY_BYTES).with_state(self.clone())
    }
}

fn tokens() -> Routes<Credentials> {
    Routes::new()
        .route(
            Operation::get("/v1/tokens", "tokens", "Lists the tokens of programs")
                .answer(200, Media::json::<TokensAnswer>()),
            list_tokens,
        )
        .route(
            Operation::post("/v1/tokens", "create_token", "Makes a token and shows it once")
                .body(Media::json::<NewTokenRequest>())
                .answer(201, Media::json::<MadeToken>()),
            create_token,
        )
        .route(
            Operation::post(
                "/v1/tokens/{id}/rotate",
                "rotate_token",
                "Makes a token in place of another",
            )
            .parameters::<RotateParams>()
            .answer(201, Media::json::<MadeToken>()),
            rotate_token,
        )
        .route(
            Operation::delete("/v1/tokens/{id}", "revoke_token", "Revokes a token")
                .answer_empty(204),
            revoke_token,
        )
        .route(
            Operation::get("/v1/audit", "audit", "Lists the changes, the newest first")
                .parameters::<AuditParams>()
                .answer(200, Media::json::<AuditAnswer>()),
            audit,
        )
}

fn people() -> Routes<Credentials> {
    Routes::new()
        .route(
            Operation::get("/v1/people", "people", "Lists the accounts of people")
                .answer(200, Media::json::<PeopleAnswer>()),
            list_people,
        )
        .route(
            Operation::post("/v1/people", "create_person", "Makes an account")
                .body(Media::json::<NewPerson>())
                .answer(201, Media::json::<PersonView>()),
            create_person,
        )
        .route(
            Operation::patch("/v1/people/{name}", "change_person", "Changes role or password")
                .body(Media::json::<PersonChange>())
                .answer(200, Media::json::<PersonView>()),
            change_person,
        )
        .route(
            Operation::delete("/v1/people/{name}", "remove_person", "Removes an account")
                .answer_empty(204),
            remove_person,
        )
}

fn sessions() -> Routes<Credentials> {
    Routes::new()
        .route(
            Operation::get("/v1/session", "session", "Tells who asks, and what they may do")
                .answer(200, Media::json::<SessionView>()),
            session,
        )
        .route(
            Operation::post("/v1/session", "sign_in", "Signs a person in, by a cookie")
                .body(Media::json::<SignIn>())
                .answer_empty(204),
            sign_in,
        )
        .route(
            Operation::delete("/v1/session", "sign_out", "Signs a person out").answer_empty(204),
            sign_out,
        )
        .route(
            Operation::get("/setup", "setup_page", "Shows the form of the first account")
                .answer(200, Media::Text("text/html")),
            setup_page,
        )
        .route(
            Operation::post("/setup", "set_up", "Makes the first account")
                .body(Media::Text(FORM))
                .answer(200, Media::Text("text/html")),
            set_up,
        )
        .route(
            Operation::get("/sign-in", "sign_in_page", "Shows the form of the sign-in")
                .answer(200, Media::Text("text/html")),
            sign_in_page,
        )
        .route(
            Operation::post("/sign-in", "sign_in_by_form", "Signs a person in, by a form")
                .body(Media::Text(FORM))
                .answer_empty(303),
            sign_in_by_form,
        )
        .route(
            Operation::post("/sign-out", "sign_out_by_form", "Signs a person out, by a form")
                .answer_empty(303),
            sign_out_by_form,
        )
}

type Here = State<Credentials>;

async fn list_tokens(State(here): Here) -> Result<Json<TokensAnswer>, Refusal> {
    let mut tokens = here.records().content().await?.tokens;
    tokens.sort_by_key(|token| std::cmp::Reverse(token.created_at_ms));
    Ok(Json(TokensAnswer { tokens: tokens.into_iter().map(token_view).collect() }))
}

async fn create_token(
    State(here): Here,
    JsonBody(new): JsonBody<NewTokenRequest>,
) -> Result<(StatusCode, Json<MadeToken>), Refusal> {
    let scopes = Scopes::parse(&new.scopes.join(","));
    let scopes = scopes.map_err(|error| Error::Invalid(error.to_string()))?;
    let NewTokenRequest { name, expires_in_s, audience, .. } = new;
    let new = NewToken { name, scopes, expires_in_s, audience };
    let made = new_token(here.records(), new, here.now_ms()).await?;
    made_token(&here, made).await
}

async fn rotate_token(
    State(here): Here,
    Path(id): Path<String>,
    Parameters(RotateParams { keep_s }): Parameters<RotateParams>,
) -> Result<(StatusCode, Json<MadeToken>), Refusal> {
    let made = here.records().rotate(&id, keep_s, here.now_ms()).await?;
    made_token(&here, made).await
}

async fn made_token(
    here: &Credentials,
    (secret, token): (String, TokenRecord),
) -> Result<(StatusCode, Json<MadeToken>), Refusal> {
    here.reload().await?;
    Ok((StatusCode::CREATED, Json(MadeToken { secret, token: token_view(token) })))
}

async fn revoke_token(State(here): Here, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    here.records().revoke(&id, here.now_ms()).await?;
    here.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn audit(
    State(here): Here,
    Parameters(AuditParams { before, limit }): Parameters<AuditParams>,
) -> Result<Json<AuditAnswer>, Refusal> {
    let page = here.records().audit(before, limit.unwrap_or(100)).await?;
    let entries = page.entries.into_iter().map(audit_view).collect();
    Ok(Json(AuditAnswer { entries, next: page.next }))
}

async fn list_people(State(here): Here) -> Result<Json<PeopleAnswer>, Refusal> {
    let mut people = here.records().content().await?.people;
    people.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Json(PeopleAnswer { people: people.into_iter().map(person_view).collect() }))
}

async fn create_person(
    State(here): Here,
    JsonBody(new): JsonBody<NewPerson>,
) -> Result<(StatusCode, Json<PersonView>), Refusal> {
    let role = role(&new.role)?;
    let person = here.new_person(&new.name, &new.password, role).await?;
    here.keep_person(&person).await?;
    Ok((StatusCode::CREATED, Json(person_view(person))))
}

async fn change_person(
    State(here): Here,
    Path(name): Path<String>,
    JsonBody(change): JsonBody<PersonChange>,
) -> Result<Json<PersonView>, Refusal> {
    let role = change.role.as_deref().map(role).transpose()?;
    let person = here.change_person(&name, role, change.password.as_deref()).await?;
    Ok(Json(person_view(person)))
}

async fn remove_person(State(here): Here, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    here.remove_person(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn role(word: &str) -> Result<Role, Error> {
    let unknown = || Error::Invalid("a role is reader, editor or admin".into());
    Role::named(word).ok_or_else(unknown)
}

async fn session(Extension(principal): Extension<Principal>) -> Json<SessionView> {
    let (who, scopes) = (principal.label(), words(principal.scopes));
    Json(SessionView { who, scopes, csrf_token: principal.csrf_token })
}

async fn sign_in(
    State(here): Here,
    headers: HeaderMap,
    JsonBody(SignIn { name, password }): JsonBody<SignIn>,
) -> Result<Response, Refusal> {
    match here.sign_in(&name, &password).await? {
        Some(secret) => {
            let cookie = session_cookie(&here, &headers, &secret);
            Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
        }
        None => Err(Refusal::new(ErrorCode::Unauthenticated, WRONG)),
    }
}

fn session_cookie(here: &Credentials, headers: &HeaderMap, secret: &str) -> String {
    cookie(headers, secret, u64::from(here.config().session_hours) * 3600)
}

async fn sign_in_page() -> Response {
    html(pages::sign_in(None))
}

async fn sign_in_by_form(
    State(here): Here,
    headers: HeaderMap,
    RawBody(form): RawBody,
) -> Result<Response, Refusal> {
    let (name, password) = (field(&form, "name"), field(&form, "password"));
    match here.sign_in(&name, &password).await? {
        Some(secret) => Ok(gone_to("/", session_cookie(&here, &headers, &secret))),
        None => Ok((StatusCode::UNAUTHORIZED, html(pages::sign_in(Some(WRONG)))).into_response()),
    }
}

async fn sign_out_by_form(State(here): Here, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(gone_to("/sign-in", ended_session(&here, &headers).await?))
}

fn gone_to(path: &'static str, cookie: String) -> Response {
    let headers = [(header::LOCATION, path.to_owned()), (header::SET_COOKIE, cookie)];
    (StatusCode::SEE_OTHER, headers).into_response()
}

async fn sign_out(State(here): Here, headers: HeaderMap) -> Result<Response, Refusal> {
    let cookie = ended_session(&here, &headers).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Ends the session of a request. Returns the cookie that takes its place.
async fn ended_session(here: &Credentials, headers: &HeaderMap) -> Result<String, Error> {
    if let Some(secret) = courant_access::session_secret(headers) {
        here.sign_out(secret).await?;
    }
    Ok(cookie(headers, "", 0))
}

/// Scripts do not see the cookie, and pages of other sites do not send it. Over TLS it stays there;
/// a page's own origin tells which it is.
fn cookie(headers: &HeaderMap, secret: &str, seconds: u64) -> String {
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    let is_secure = origin.is_some_and(|origin| origin.starts_with("https://"));
    let secure = if is_secure { "; Secure" } else { "" };
    format!(
        "{SESSION_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    )
}

#[derive(Deserialize)]
struct SetupLink {
    #[serde(default)]
    token: String,
}

async fn setup_page(Parameters(SetupLink { token }): Parameters<SetupLink>) -> Response {
    html(pages::first_account(&token))
}

async fn set_up(State(here): Here, RawBody(form): RawBody) -> Result<Response, Refusal> {
    let [token, name, password] = ["token", "name", "password"].map(|name| field(&form, name));
    here.set_up(&token, &name, &password).await?;
    Ok(html(pages::account_made()))
}

/// The value of a field of a form; empty if it is not there.
fn field(form: &[u8], name: &str) -> String {
    let mut pairs = form_urlencoded::parse(form);
    let value = pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    value.unwrap_or_default()
}

fn html(page: String) -> Response {
    let headers = [(header::CONTENT_TYPE, HTML), (header::CONTENT_SECURITY_POLICY, PAGE_POLICY)];
    (headers, page).into_response()
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Invalid(_) | Error::Password(PasswordError::Length) => ErrorCode::InvalidRequest,
            Error::Missing(_) => ErrorCode::NotFound,
            Error::Exists(_) => ErrorCode::Conflict,
            Error::Password(PasswordError::Busy) => {
                return Self::new(ErrorCode::Overloaded, error.to_string()).retry_after(BUSY);
            }
            _ => {
                tracing::error!(error = &error as &dyn std::error::Error, "no credentials");
                return Self::new(ErrorCode::Unavailable, "the credentials cannot be read now");
            }
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests;
