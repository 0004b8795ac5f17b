//! The HTTP client of ConnectWise: the keys and headers of each request, how many are in flight, and their order.

pub(crate) mod answer_text;
pub(crate) mod answer_times;
pub(crate) mod backoff;
pub(crate) mod certificates;
pub(crate) mod codebase;
pub(crate) mod paging;
pub(crate) mod pause_after_429;
pub(crate) mod read_attempt;
pub(crate) mod requests_per_minute;
pub mod settings;
pub mod shared_connection;
pub mod status_meaning;
pub(crate) mod stopwatch;
pub(crate) mod transport;
pub mod unreachable_cause;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use reqwest::Request;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;
use url::Url;

use crate::connectwise::billing_cycles::BillingCycles;
use crate::connectwise::bundle_trust::Bundling;
use crate::connectwise::client::answer_text::Censor;
use crate::connectwise::client::answer_times::AnswerTimes;
use crate::connectwise::client::backoff::Backoff;
use crate::connectwise::client::codebase::CodebaseAnswer;
use crate::connectwise::client::pause_after_429::{Gate, Throttle};
use crate::connectwise::client::requests_per_minute::Pace;
use crate::connectwise::client::settings::{ApiKeys, ClientError, ConnectWiseSettings};
use crate::connectwise::client::shared_connection::{Parts, SharedConnection};
use crate::connectwise::client::stopwatch::{RunningStopwatch, Stopwatch};
use crate::connectwise::client::transport::{HttpAnswer, NoAnswer};
use crate::connectwise::server_clock::ServerClock;
use crate::connectwise::urls::Sites;
use crate::reconcile::model::plan::outcome::Traffic;

/// One ConnectWise. Its requests share one connection pool, one pace and one pause after a 429.
pub struct Client {
    connection: SharedConnection,
    sites: Sites,
    company: String,
    identity: Identity,
    in_flight: Semaphore,
    /// How many places `in_flight` has.
    pub(crate) at_once: usize,
    pub(crate) answer_times: AnswerTimes,
    throttle: Throttle,
    pub(crate) backoff: Backoff,
    clock: Option<fn() -> std::time::SystemTime>,
    pub(crate) server_clock: ServerClock,
    pub(crate) censor: Censor,
    sent: AtomicU64,
    retried: AtomicU64,
    times: Times,
    pub(crate) bundled_reads: bool,
    pub(crate) api_version: String,
}

/// What takes its time.
#[derive(Debug, Default)]
struct Times {
    read: Stopwatch,
    look: Stopwatch,
    write: Stopwatch,
    pace: Stopwatch,
    /// From here on what is read is a look for a write.
    is_writing: AtomicBool,
}

/// The headers that say who asks.
struct Identity {
    authorization: HeaderValue,
    client_id: HeaderValue,
    accept: HeaderValue,
}

impl Client {
    /// A client of these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// A setting that cannot be right, or certificates that cannot be read.
    pub fn new(settings: ConnectWiseSettings, keys: &ApiKeys) -> Result<Self, ClientError> {
        let sites = Sites::of(&settings.url)?;
        check(&settings, keys)?;
        let pool = transport::pool(&settings, &sites)?;
        let credentials = credentials(&settings.company, keys);
        let identity = Identity::of(&settings, &credentials)?;
        let api_root = match &settings.codebase {
            None => OnceCell::new(),
            Some(text) => {
                let word = codebase::parse(text).ok_or(ClientError::Setting {
                    key: "codebase",
                    why: "is not a version word like v4_6_release; leave it out to have it looked up",
                })?;
                OnceCell::new_with(Some(sites.api_root(word)))
            }
        };
        let pace = Pace::new(settings.requests_per_minute);
        let (cycles, page_size, bundling) = (OnceCell::new(), AtomicUsize::new(usize::MAX), Bundling::default());
        let parts = Parts { pool, pace, api_root, cycles, page_size, bundling };
        Ok(Self {
            connection: SharedConnection(Arc::new(parts)),
            sites,
            identity,
            in_flight: Semaphore::new(settings.max_in_flight),
            at_once: settings.max_in_flight,
            answer_times: AnswerTimes::default(),
            throttle: Throttle::default(),
            backoff: Backoff::new(settings.retry_pause_max),
            clock: settings.clock,
            server_clock: ServerClock::default(),
            censor: Censor::new(shapes_of(keys, credentials)),
            company: settings.company,
            sent: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            times: Times::default(),
            bundled_reads: settings.bundled_reads,
            api_version: settings.api_version,
        })
    }

    /// The same, beside another client of this ConnectWise: over its connections, at a pace of both together, and with
    /// what it found out.
    #[must_use]
    pub fn beside(self, other: &SharedConnection) -> Self {
        Self { connection: other.clone(), ..self }
    }

    /// What another client of this ConnectWise may share.
    pub fn connection(&self) -> &SharedConnection {
        &self.connection
    }

    /// What is known of its bundles tonight.
    pub(crate) fn bundling(&self) -> &Bundling {
        &self.connection.0.bundling
    }

    /// Which billing cycles recur, read once.
    pub(crate) fn cycles(&self) -> &OnceCell<BillingCycles> {
        &self.connection.0.cycles
    }

    /// What it has sent so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            sent: self.sent.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            throttled_ms: u64::try_from(self.throttle.waited().as_millis()).unwrap_or(u64::MAX),
            pace_ms: self.times.pace.millis(),
            read_ms: self.times.read.millis(),
            look_ms: self.times.look.millis(),
            write_ms: self.times.write.millis(),
        }
    }

    /// The address that every path hangs on. Looked up with the first request, if it is not configured.
    pub(crate) async fn api_root(&self) -> &str {
        let looked_up = async || self.sites.api_root(&self.look_up_codebase().await);
        self.connection.0.api_root.get_or_init(looked_up).await
    }

    /// Sends one read of the API, once.
    pub(crate) async fn get(&self, url: &str) -> Result<HttpAnswer, NoAnswer> {
        let request = self.request(Method::GET, url)?;
        let _reading = self.reading();
        self.send(request, None).await
    }

    /// Sends one read of the API that has a body, once.
    pub(crate) async fn ask(&self, url: &str, body: String) -> Result<HttpAnswer, NoAnswer> {
        let request = with_body(self.request(Method::POST, url)?, body);
        let _reading = self.reading();
        self.send(request, None).await
    }

    /// From here on, what is read is a look for a write.
    pub(crate) fn begin_writing(&self) {
        self.times.is_writing.store(true, Ordering::Relaxed);
    }

    fn reading(&self) -> RunningStopwatch<'_> {
        match self.times.is_writing.load(Ordering::Relaxed) {
            true => self.times.look.start(),
            false => self.times.read.start(),
        }
    }

    /// Sends one write of the API, once, and not after an instant, where there is one.
    pub(crate) async fn call(
        &self,
        method: Method,
        url: &str,
        body: String,
        before: Option<Instant>,
    ) -> Result<HttpAnswer, NoAnswer> {
        let request = with_body(self.request(method, url)?, body);
        let _writing = self.times.write.start();
        self.send(request, before).await
    }

    pub(crate) fn request(&self, method: Method, url: &str) -> Result<Request, NoAnswer> {
        let url = Url::parse(url).map_err(|error| NoAnswer::NotSent(error.to_string()))?;
        let mut request = Request::new(method, url);
        self.identity.sign(&mut request);
        Ok(request)
    }

    /// The login company.
    pub(crate) fn company(&self) -> &str {
        &self.company
    }

    pub(crate) fn page_size(&self) -> usize {
        self.connection.0.page_size.load(Ordering::Relaxed)
    }

    /// Asks for no larger page than this from now on.
    pub(crate) fn keep_to_pages_of(&self, rows: usize) {
        self.connection.0.page_size.fetch_min(rows, Ordering::Relaxed);
    }

    pub(crate) fn count_retry(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    /// Holds back what is sent next, by this or longer.
    pub(crate) fn pause_at_least(&self, pause: Duration) {
        self.throttle.pause(Instant::now(), pause);
    }

    /// Sends a request, once, in its turn.
    pub(crate) async fn send(&self, request: Request, before: Option<Instant>) -> Result<HttpAnswer, NoAnswer> {
        // The semaphore is never closed; without a place the request would only be early.
        let _place = self.in_flight.acquire().await.ok();
        self.wait_for_turn(before).await?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let sent_at = Instant::now();
        let answer = transport::exchange(&self.connection.0.pool, request, sent_at).await?;
        self.answer_times.note(sent_at.elapsed());
        if let Some(clock) = self.clock {
            self.server_clock.note(&answer.headers, clock());
        }
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let wait = self.backoff.after_429(&answer.headers, self.clock);
            tracing::warn!(wait_s = wait.as_secs(), "ConnectWise asks to wait: too many requests");
            self.throttle.pause(Instant::now(), wait);
        }
        Ok(answer)
    }

    /// Waits until neither the pause after a 429 nor the pace holds a request back. Another request may be refused
    /// while this one waits, so both are asked anew after every wait. One that would come too late is not waited for.
    async fn wait_for_turn(&self, before: Option<Instant>) -> Result<(), NoAnswer> {
        let is_late = |at: Instant| before.is_some_and(|before| at > before);
        loop {
            let now = Instant::now();
            let (later, paced) = match self.throttle.gate(now) {
                Gate::Shut(why) => return Err(NoAnswer::Throttled(why)),
                Gate::Until(later) => (later, None),
                Gate::Open if is_late(now) => return Err(NoAnswer::TooLate),
                Gate::Open => match self.connection.0.pace.take(now) {
                    Ok(()) => return Ok(()),
                    Err(later) => (later, Some(self.times.pace.start())),
                },
            };
            if is_late(later) {
                return Err(NoAnswer::TooLate);
            }
            tokio::time::sleep_until(later).await;
            drop(paced);
        }
    }

    /// Whether the login site knows the company; `None` where it does not say.
    pub async fn knows_company(&self) -> Option<bool> {
        match self.company_info().await {
            CodebaseAnswer::Up(_) => Some(true),
            CodebaseAnswer::UnknownCompany => Some(false),
            CodebaseAnswer::Elsewhere => None,
        }
    }

    async fn company_info(&self) -> CodebaseAnswer {
        let mut request = Request::new(Method::GET, self.sites.company_info(&self.company));
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        match self.send(request, None).await {
            Ok(answer) if answer.status.is_success() && answer.cut.is_none() => codebase::read(&answer.body),
            _ => CodebaseAnswer::Elsewhere,
        }
    }

    /// Asks the login site, without credentials. A look-up that fails is no reason to stop: the fallback works
    /// wherever the API does.
    async fn look_up_codebase(&self) -> String {
        match self.company_info().await {
            CodebaseAnswer::Up(word) => return word,
            CodebaseAnswer::UnknownCompany => {
                tracing::warn!(company = %self.company, "ConnectWise has no company with this login id");
            }
            CodebaseAnswer::Elsewhere => tracing::debug!("no codebase was given; using {}", codebase::FALLBACK),
        }
        codebase::FALLBACK.to_owned()
    }
}

impl Identity {
    fn of(settings: &ConnectWiseSettings, credentials: &str) -> Result<Self, ClientError> {
        let bad = |key, why| move |_| ClientError::Setting { key, why };
        let mut authorization = HeaderValue::try_from(format!("Basic {credentials}"))
            .map_err(bad("private_key", "cannot be put into a header"))?;
        authorization.set_sensitive(true);
        let mut client_id = HeaderValue::try_from(&settings.client_id)
            .map_err(bad("client_id", "holds characters that a header cannot"))?;
        client_id.set_sensitive(true);
        let accept = format!("application/vnd.connectwise.com+json; version={}", settings.api_version);
        let accept = HeaderValue::try_from(accept).map_err(bad("api_version", "is not a version like 2025.1"))?;
        Ok(Self { authorization, client_id, accept })
    }

    fn sign(&self, request: &mut Request) {
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert("clientId", self.client_id.clone());
        headers.insert(ACCEPT, self.accept.clone());
    }
}

fn with_body(mut request: Request, body: String) -> Request {
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(body.into());
    request
}

fn check(settings: &ConnectWiseSettings, keys: &ApiKeys) -> Result<(), ClientError> {
    let (public, private) = (keys.public_key.expose_secret(), keys.private_key.expose_secret());
    let texts = [
        ("company", settings.company.as_str()),
        ("client_id", settings.client_id.as_str()),
        ("public_key", public),
        ("private_key", private),
    ];
    for (key, text) in texts {
        if text.is_empty() {
            return Err(ClientError::Setting { key, why: "is empty" });
        }
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(ClientError::Setting { key, why: "has a blank or a line break in it" });
        }
    }
    // Basic authentication ends the user's name at the first colon.
    for (key, text) in [("company", settings.company.as_str()), ("public_key", public)] {
        if text.contains(':') {
            return Err(ClientError::Setting { key, why: "has a colon in it" });
        }
    }
    if !settings.api_version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        || settings.api_version.is_empty()
    {
        return Err(ClientError::Setting { key: "api_version", why: "is not a version like 2025.1" });
    }
    if settings.max_in_flight == 0 || settings.max_in_flight > Semaphore::MAX_PERMITS {
        return Err(ClientError::Setting { key: "max_in_flight", why: "has to be at least 1" });
    }
    if settings.requests_per_minute == 0 {
        return Err(ClientError::Setting { key: "requests_per_minute", why: "has to be at least 1" });
    }
    Ok(())
}

/// Every shape in which a server may send back what it was sent: the whole header, the keys, and base64 of each alone.
fn shapes_of(keys: &ApiKeys, credentials: String) -> Vec<SecretString> {
    let keys = [&keys.private_key, &keys.public_key];
    let encoded = keys.iter().map(|key| STANDARD_NO_PAD.encode(key.expose_secret()));
    let in_urls = keys.iter().map(|key| URL_SAFE_NO_PAD.encode(key.expose_secret()));
    let encoded: Vec<SecretString> = encoded.chain(in_urls).map(SecretString::from).collect();
    [credentials.into()].into_iter().chain(keys.into_iter().cloned()).chain(encoded).collect()
}

/// `company+public:private` in base 64 (ConnectWise developer guide).
fn credentials(company: &str, keys: &ApiKeys) -> String {
    let (public, private) = (keys.public_key.expose_secret(), keys.private_key.expose_secret());
    STANDARD.encode(format!("{company}+{public}:{private}"))
}
