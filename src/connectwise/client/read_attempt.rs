//! One read, tried until it is answered or there is no hope.

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::connectwise::ReadError;
use crate::connectwise::client::answer_text::Sign;
use crate::connectwise::client::status_meaning::{Right, failed};
use crate::connectwise::client::transport::{BodyCut, HttpAnswer, NoAnswer};
use crate::connectwise::client::unreachable_cause::UnreachableCause;
use crate::connectwise::client::{Client, backoff, status_meaning};

/// How one try of a read ended.
pub(crate) enum AttemptResult<T> {
    Done(T),
    NotYet(AttemptFailure),
}

/// What came of a try that brought nothing.
pub(crate) enum AttemptFailure {
    /// Worth another try; what happened.
    Again(UnreachableCause, String),
    /// 429.
    Busy(String),
    Failed(Unanswered),
}

/// Why a read has no answer.
pub(crate) enum Unanswered {
    /// ConnectWise does not take this request (400); it may take another that asks the same.
    Refused(ReadError),
    Failed(ReadError),
}

impl<T> From<AttemptFailure> for AttemptResult<T> {
    fn from(trouble: AttemptFailure) -> Self {
        Self::NotYet(trouble)
    }
}

impl<T> AttemptResult<T> {
    pub(crate) fn map<U>(self, into: impl FnOnce(T) -> U) -> AttemptResult<U> {
        match self {
            AttemptResult::Done(answer) => AttemptResult::Done(into(answer)),
            AttemptResult::NotYet(trouble) => AttemptResult::NotYet(trouble),
        }
    }
}

impl Client {
    /// Tries a read so many times.
    pub(crate) async fn tried<T>(
        &self,
        right: Right,
        most: u32,
        one_try: impl AsyncFn() -> AttemptResult<T>,
    ) -> Result<T, Unanswered> {
        let (mut tries, mut busy) = (0, 0);
        loop {
            match one_try().await {
                AttemptResult::Done(answer) => return Ok(answer),
                AttemptResult::NotYet(AttemptFailure::Failed(error)) => return Err(error),
                // The pause that every request makes after a 429 is the wait.
                AttemptResult::NotYet(AttemptFailure::Busy(_)) if busy < backoff::BUSY_MAX => busy += 1,
                AttemptResult::NotYet(AttemptFailure::Busy(why)) => {
                    let why = format!("{why} ({busy} times in a row)");
                    return Err(Unanswered::Failed(failed(right, UnreachableCause::Busy, &why)));
                }
                AttemptResult::NotYet(AttemptFailure::Again(cause, why)) => {
                    tries += 1;
                    busy = 0;
                    if tries == most {
                        return Err(Unanswered::Failed(failed(right, cause, &format!("{why} ({tries} tries)"))));
                    }
                    tracing::debug!(%right, tries, why, "a read failed and is repeated");
                    tokio::time::sleep(self.backoff.pause(tries)).await;
                }
            }
            self.count_retry();
        }
    }

    /// An answer to a read, if it is a whole one and JSON.
    pub(crate) fn good(
        &self,
        right: Right,
        answer: Result<HttpAnswer, NoAnswer>,
    ) -> Result<HttpAnswer, AttemptFailure> {
        let fail = |cause, why: &str| Err(AttemptFailure::Failed(Unanswered::Failed(failed(right, cause, why))));
        let answer = match answer {
            Ok(answer) => answer,
            Err(NoAnswer::Throttled(why)) => return fail(UnreachableCause::Busy, &why),
            Err(NoAnswer::Untrusted(fault, why)) => {
                return fail(UnreachableCause::Certificate(fault), &self.censor.one_line(&why));
            }
            // A read has all the time there is.
            Err(NoAnswer::TooLate) => return fail(UnreachableCause::Busy, "its turn came too late"),
            Err(NoAnswer::NotSent(why) | NoAnswer::Lost(why)) => {
                return Err(AttemptFailure::Again(UnreachableCause::Network, self.censor.one_line(&why)));
            }
        };
        let status = answer.status;
        if status.is_success() {
            return self.whole(right, answer);
        }
        let said = || self.censor.reason(&answer.body);
        if status == StatusCode::TOO_MANY_REQUESTS {
            Err(AttemptFailure::Busy(format!("429: {}", said())))
        } else if status.is_server_error() {
            Err(AttemptFailure::Again(UnreachableCause::Server, format!("{}: {}", status.as_u16(), said())))
        } else if status.is_redirection() {
            let why = self.censor.one_line(&redirection(&answer.headers));
            fail(UnreachableCause::Redirect, &format!("{}: {why}", status.as_u16()))
        } else {
            let sign = Sign::of(&answer);
            let error = status_meaning::of_read(right, status, sign, &said());
            let refused = status == StatusCode::BAD_REQUEST && sign == Sign::Plain;
            Err(AttemptFailure::Failed(if refused { Unanswered::Refused(error) } else { Unanswered::Failed(error) }))
        }
    }

    fn whole(&self, right: Right, answer: HttpAnswer) -> Result<HttpAnswer, AttemptFailure> {
        let fail = |cause, why: &str| {
            Err(AttemptFailure::Failed(Unanswered::Failed(failed(right, cause, &self.censor.one_line(why)))))
        };
        match &answer.cut {
            Some(BodyCut::Broken(why)) => {
                return Err(AttemptFailure::Again(UnreachableCause::Network, self.censor.one_line(why)));
            }
            Some(BodyCut::TooLarge) => return fail(UnreachableCause::Answer, "the answer is larger than 16 MiB"),
            None => {}
        }
        match other_content(&answer.headers) {
            Some(other) => {
                let why =
                    format!("an answer of {other} instead of ConnectWise's JSON; is there a login page or a proxy?");
                fail(UnreachableCause::Page, &why)
            }
            None => Ok(answer),
        }
    }

    /// What a good answer says; `what` it should be.
    pub(crate) fn parsed<T: DeserializeOwned>(
        &self,
        right: Right,
        answer: &HttpAnswer,
        what: &str,
    ) -> AttemptResult<T> {
        match serde_json::from_slice(&answer.body) {
            Ok(said) => AttemptResult::Done(said),
            Err(error) if error.is_eof() => {
                AttemptFailure::Again(UnreachableCause::Network, "the answer was cut off".to_owned()).into()
            }
            Err(error) => {
                let why = self.censor.one_line(&format!("an answer that is not {what}: {error}"));
                AttemptFailure::Failed(Unanswered::Failed(failed(right, UnreachableCause::Answer, &why))).into()
            }
        }
    }
}

/// The content type, if it says that this is no JSON.
pub(crate) fn other_content(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?;
    let kind = String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase();
    (!kind.contains("json")).then(|| kind.split(';').next().unwrap_or_default().trim().to_owned())
}

/// Where a redirect leads: the host only, the rest may hold a ticket.
pub(crate) fn redirection(headers: &HeaderMap) -> String {
    let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let host = target.and_then(|target| url::Url::parse(target).ok()).and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(host) => {
            format!("a redirect to {host}, which is never followed; if that is the right host, set url to it")
        }
        None => "a redirect on the same host, which is never followed; check url and codebase".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_show_the_host_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, "https://login.example.com/x?ticket=s3cret".parse().expect("a value"));
        let text = redirection(&headers);
        assert!(text.contains("login.example.com") && !text.contains("s3cret"), "{text}");
    }
}
