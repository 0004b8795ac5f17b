//! Sign-in by an OpenID provider: a provider of ours that can be told to lie.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::client::{Answer, Browser, DeskOfNight, decided, handle, held_night};
use crate::support::{Night, now};

/// Two keys of P-256, made for these tests. The provider publishes the first alone.
const OWN: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTdGxCf4+d8kg6QFTXpUqWZOG7SasiepOu5V0LFsKIDqhRANCAAQ5EAC2Wvss4c20NIZcYI9WmZ7oBXGM/bcAmANgtK0Fy1/S+hDecWsPpeUTmWHYH3VrhY9bf9f0yNCuSNATZ053";
const FOREIGN: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggClrdHUJt65JQ+mBuzl1a8qI/Y6uvTdEbQ/Gm1oJVLWhRANCAARNIh26igyiVXjL6c+eX62Pt5OtD9AwSuMAJ+ubX7jFfyVJU3zuUSC2nczS7EKW/oan2IXyQqZ22sJGM+24H0Z0";
const X: &str = "ORAAtlr7LOHNtDSGXGCPVpme6AVxjP23AJgDYLStBcs";
const Y: &str = "X9L6EN5xaw-l5ROZYdgfdWuFj1t_1_TI0K5I0BNnTnc";

/// A provider, and the desk that trusts it.
struct Provider {
    runtime: tokio::runtime::Runtime,
    server: MockServer,
    night: Night,
}

/// What comes of a sign-in, step by step.
struct Away {
    browser: Browser,
    to: Url,
}

impl Away {
    fn said(&self, name: &str) -> String {
        let found = self.to.query_pairs().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no {name} in {}", self.to)).1.into_owned()
    }
}

impl Provider {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let server = runtime.block_on(MockServer::start());
        let night = held_night();
        night.secret("oidc", "a-secret-of-tests-only", 0o600);
        let issuer = server.uri();
        night.append(&format!(
            "\n[desk]\nurl = \"http://127.0.0.1:1/\"\n\n[desk.oidc]\nissuer = \"{issuer}\"\nclient_id = \"recount\"\n\
             client_secret = {{ file = \"keys/oidc\" }}\nroles = {{ \"billing\" = \"operator\", \"readers\" = \"viewer\" }}\n"
        ));
        let provider = Self { runtime, server, night };
        let at = |part: &str| format!("{issuer}/{part}");
        provider.answers("GET", "/.well-known/openid-configuration", &json!({
            "issuer": issuer, "authorization_endpoint": at("auth"), "token_endpoint": at("token"), "jwks_uri": at("keys"),
        }));
        provider.answers(
            "GET",
            "/keys",
            &json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "own", "use": "sig", "x": X, "y": Y}]}),
        );
        provider
    }

    fn answers(&self, verb: &str, at: &str, body: &Value) {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        let mock =
            Mock::given(method(verb)).and(path(at)).respond_with(answer).up_to_n_times(u64::MAX).with_priority(5);
        self.runtime.block_on(self.server.register(mock));
    }

    /// The next token that it gives.
    fn gives(&self, token: &str) {
        let answer = ResponseTemplate::new(200).set_body_json(json!({"id_token": token, "token_type": "Bearer"}));
        let mock = Mock::given(method("POST")).and(path("/token")).respond_with(answer).up_to_n_times(1);
        self.runtime.block_on(self.server.register(mock));
    }

    /// The form of the newest request for a token.
    fn asked(&self) -> Vec<(String, String)> {
        let requests = self.runtime.block_on(self.server.received_requests()).unwrap_or_default();
        let token =
            requests.iter().rev().find(|request| request.url.path() == "/token").expect("a request for a token");
        url::form_urlencoded::parse(&token.body).into_owned().collect()
    }

    fn claims(&self, away: &Away) -> Value {
        let at = now().timestamp();
        json!({"iss": self.server.uri(), "aud": "recount", "sub": "s-1", "nonce": away.said("nonce"), "iat": at,
               "exp": at + 300, "preferred_username": "Dana", "groups": ["billing", "everybody"]})
    }
}

fn away(desk: &DeskOfNight<'_>) -> Away {
    let mut browser = desk.browser();
    let sent = browser.get("/signin/provider?next=/plan");
    let to = sent.header("location").unwrap_or_else(|| panic!("{sent:?}"));
    Away { browser, to: Url::parse(to).expect("an address") }
}

fn back(away: &mut Away) -> Answer {
    let state = away.said("state");
    away.browser.get(&format!("/signin/provider/back?code=c&state={state}"))
}

fn signed(claims: &Value, key: &str, header: &Header) -> String {
    let key = EncodingKey::from_ec_der(&STANDARD.decode(key).expect("base64"));
    encode(header, claims, &key).expect("a token")
}

fn own(claims: &Value) -> String {
    signed(claims, OWN, &Header { kid: Some("own".to_owned()), ..Header::new(Algorithm::ES256) })
}

/// Otherwise people with an account of the company cannot come in, or come in as somebody else, or with a role that
/// nobody gave them.
#[test]
fn whom_the_provider_vouches_for_comes_in_with_the_role_of_their_groups() {
    let provider = Provider::new();
    let desk = DeskOfNight::open(&provider.night);
    assert!(desk.browser().get("/signin").body.contains("/signin/provider"));
    let mut first = away(&desk);
    assert_eq!(
        (first.said("response_type"), first.said("code_challenge_method")),
        ("code".to_owned(), "S256".to_owned())
    );
    provider.gives(&own(&provider.claims(&first)));
    let come = back(&mut first);
    assert_eq!((come.status, come.header("location")), (303, Some("/plan")), "{}", come.body);
    let page = first.browser.get("/account").body;
    assert!(page.contains("Dana") && page.contains("operator"), "{page}");
    let asked = provider.asked();
    let said =
        |name: &str| asked.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(said("code_verifier").as_bytes()));
    assert_eq!(challenge, first.said("code_challenge"), "the verifier does not fit the challenge");
    assert_eq!(said("redirect_uri"), "http://127.0.0.1:1/signin/provider/back");

    let again = back(&mut first);
    assert_eq!(again.header("location"), Some("/signin"), "an answer is good twice");

    let mut less = away(&desk);
    let mut claims = provider.claims(&less);
    claims["groups"] = json!(["readers"]);
    provider.gives(&own(&claims));
    assert_eq!(back(&mut less).status, 303);
    assert_eq!(first.browser.get("/").status, 303, "a session goes on with a role that was taken away");
    assert!(less.browser.get("/account").body.contains("viewer"));

    let mut none = away(&desk);
    let mut claims = provider.claims(&none);
    claims["groups"] = json!(["everybody"]);
    provider.gives(&own(&claims));
    assert_eq!(back(&mut none).status, 403, "somebody without a group comes in");

    provider.night.recount(&["users", "lock", "dana"]).exits(0);
    let mut locked = away(&desk);
    provider.gives(&own(&provider.claims(&locked)));
    assert_eq!(back(&mut locked).status, 403, "who is locked comes in");
    desk.close();
}

/// Otherwise somebody who left the company goes on working here for as long as a browser is open.
#[test]
fn who_lost_their_groups_loses_what_they_have_open() {
    let provider = Provider::new();
    let desk = DeskOfNight::open(&provider.night);
    let mut first = away(&desk);
    provider.gives(&own(&provider.claims(&first)));
    assert_eq!(back(&mut first).status, 303);
    assert_eq!(first.browser.get("/").status, 200);
    let mut other = away(&desk);
    let mut claims = provider.claims(&other);
    (claims["sub"], claims["preferred_username"]) = (json!("s-2"), json!("eve"));
    provider.gives(&own(&claims));
    assert_eq!(back(&mut other).status, 303);

    let mut none = away(&desk);
    let mut claims = provider.claims(&none);
    claims["groups"] = json!([]);
    provider.gives(&own(&claims));
    assert_eq!(back(&mut none).status, 403);
    assert_eq!(first.browser.get("/").status, 303, "a session goes on without a group");
    assert_eq!(other.browser.get("/").status, 200, "the session of somebody else ends");
    desk.close();
}

/// Otherwise a reset makes an account with a password of somebody whom the provider lets in, and the provider's own
/// sign-in is refused from then on.
#[test]
fn nobody_of_the_provider_is_given_a_password_or_another_role() {
    let provider = Provider::new();
    let desk = DeskOfNight::open(&provider.night);
    let mut first = away(&desk);
    provider.gives(&own(&provider.claims(&first)));
    assert_eq!(back(&mut first).status, 303);
    for change in [&["users", "reset", "dana"][..], &["users", "role", "dana", "admin"]] {
        let said = provider.night.recount(change).exits(2);
        assert!(said.err.contains("by the company's account"), "{}", said.err);
        assert!(said.err.contains("recount users lock Dana"), "{}", said.err);
    }
    assert_eq!(first.browser.get("/").status, 200, "a reset that was refused ends a session");
    let mut again = away(&desk);
    provider.gives(&own(&provider.claims(&again)));
    assert_eq!(back(&mut again).status, 303, "the provider's sign-in is locked out");
    desk.close();
}

impl Provider {
    /// Signs somebody in whom the provider calls so.
    fn comes(&self, desk: &DeskOfNight<'_>, subject: &str, name: &str) -> (Browser, u16) {
        let mut away = away(desk);
        let mut claims = self.claims(&away);
        (claims["sub"], claims["preferred_username"]) = (json!(subject), json!(name));
        self.gives(&own(&claims));
        let status = back(&mut away).status;
        (away.browser, status)
    }
}

/// Otherwise nobody knows who answered: the audit has the provider's number for people, and a `root` of the provider for the
/// one of this host.
#[test]
fn people_of_the_provider_are_called_as_it_calls_them_and_told_apart() {
    let provider = Provider::new();
    let desk = DeskOfNight::open(&provider.night);
    let mut admin = desk.person("ada", "admin");
    for (subject, name) in [("n-1", "Dana Miller"), ("n-2", "müller"), ("n-3", "O'Hara")] {
        let (mut browser, status) = provider.comes(&desk, subject, name);
        assert_eq!(status, 303, "{name}");
        assert!(browser.get("/account").body.contains(name), "{name}");
        let audit = admin.get("/audit").body;
        assert!(audit.contains(&format!("{name} (company account)")), "{name}: {audit}");
    }
    assert_eq!(provider.comes(&desk, "n-4", "ADA").1, 409, "a colleague's name is taken over in large letters");
    assert_eq!(provider.comes(&desk, "n-1", "dana meyer").1, 303);
    let listed = provider.night.recount(&["users"]).exits(0).out;
    assert!(listed.contains("dana meyer") && !listed.contains("Dana Miller"), "a name stays for ever: {listed}");

    let (mut root, status) = provider.comes(&desk, "n-5", "root");
    assert_eq!(status, 303);
    let handle = handle(&provider.night, "to-zero");
    let item = format!("/items/{handle}");
    let shown = root.get(&item).field("shown");
    let answer = [("answer", "accept"), ("shown", shown.as_str()), ("note", "they left")];
    assert_eq!(root.press(&item, &format!("{item}/answer"), &answer).status, 303);
    assert_eq!(decided(&provider.night)[0]["who"], "root (company account)", "somebody passes as this host's root");
    let added = provider.night.recount(&["users", "add", "Root", "--role", "viewer"]).exits(2).err;
    assert!(added.contains("recount users remove root") && !added.contains("reset"), "{added}");
    provider.night.recount(&["users", "remove", "dana meyer"]).exits(0);
    desk.close();
}

/// Otherwise whoever has the name of a colleague at the provider, or a second account, is that colleague here.
#[test]
fn a_name_that_is_taken_is_not_taken_over() {
    let provider = Provider::new();
    let desk = DeskOfNight::open(&provider.night);
    desk.person("dana", "admin");
    let mut other = away(&desk);
    provider.gives(&own(&provider.claims(&other)));
    let refused = back(&mut other);
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(!has_session(&other.browser));
    desk.close();
}

/// How a token lies.
type Lie = (&'static str, fn(&Value) -> String);

fn altered(claims: &Value, name: &str, value: Value) -> String {
    let mut claims = claims.clone();
    claims[name] = value;
    own(&claims)
}

fn lies() -> Vec<Lie> {
    vec![
        ("another nonce", |claims| altered(claims, "nonce", json!("x"))),
        ("no nonce", |claims| altered(claims, "nonce", Value::Null)),
        ("another issuer", |claims| altered(claims, "iss", json!("https://evil.example"))),
        ("another audience", |claims| altered(claims, "aud", json!("somebody-else"))),
        ("for another party", |claims| altered(claims, "azp", json!("somebody-else"))),
        ("over", |claims| altered(claims, "exp", json!(now().timestamp() - 600))),
        ("not yet", |claims| altered(claims, "nbf", json!(now().timestamp() + 600))),
        ("without an end", |claims| altered(claims, "exp", Value::Null)),
        ("another key", |claims| {
            signed(claims, FOREIGN, &Header { kid: Some("own".to_owned()), ..Header::new(Algorithm::ES256) })
        }),
        ("an unknown key", |claims| {
            signed(claims, FOREIGN, &Header { kid: Some("other".to_owned()), ..Header::new(Algorithm::ES256) })
        }),
        ("no algorithm", |claims| {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT", "kid": "own"})), part(claims))
        }),
        ("the public key as a password", |claims| {
            let key = EncodingKey::from_secret(X.as_bytes());
            let header = Header { kid: Some("own".to_owned()), ..Header::new(Algorithm::HS256) };
            encode(&header, claims, &key).expect("a token")
        }),
        ("another body", |claims| {
            let token = own(claims);
            let parts: Vec<&str> = token.split('.').collect();
            let mut admin = claims.clone();
            admin["sub"] = json!("s-2");
            format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(admin.to_string()), parts[2])
        }),
        ("no token", |_| "nothing".to_owned()),
        ("a name that is none", |claims| {
            let mut claims = claims.clone();
            (claims["preferred_username"], claims["sub"]) = (json!("<script>"), json!("../x y"));
            own(&claims)
        }),
    ]
}

/// Otherwise anybody who can bring a token along is in.
#[test]
fn no_token_that_is_not_for_this_sign_in_lets_anybody_in() {
    let provider = Provider::new();
    let desk = DeskOfNight::open(&provider.night);
    for (lie, token) in lies() {
        let mut away = away(&desk);
        provider.gives(&token(&provider.claims(&away)));
        let refused = back(&mut away);
        assert_eq!(refused.status, 403, "{lie}: {}", refused.body);
        assert!(!has_session(&away.browser), "{lie}");
        assert_eq!(away.browser.get("/").status, 303, "{lie}");
    }
    let mut planted = away(&desk);
    provider.gives(&own(&provider.claims(&planted)));
    let other = away(&desk).said("state");
    let refused = planted.browser.get(&format!("/signin/provider/back?code=c&state={other}"));
    assert_eq!(refused.status, 403, "an answer for another browser is taken");
    let mut mixed = away(&desk);
    let state = mixed.said("state");
    let path = format!("/signin/provider/back?code=c&state={state}&iss=https%3A%2F%2Fevil.example");
    assert_eq!(mixed.browser.get(&path).status, 403, "an answer of another provider is taken");
    let nobody = desk.browser().get("/signin/provider/back?code=c&state=x");
    assert_eq!(nobody.header("location"), Some("/signin"));
    desk.close();
}

fn has_session(browser: &Browser) -> bool {
    browser.cookies.keys().any(|name| name.starts_with("__Host-desk"))
}
