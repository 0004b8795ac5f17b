//! A dead man's switch, as healthchecks.io and its kind have it: `/start` before a run, `/EXIT` after it.

use url::Url;

use crate::alerts::error::NotifyError;
use crate::alerts::{Ping, http_post};
use crate::report::brief::{Brief, Event};

/// Of a longer body only the beginning is kept by such services (healthchecks.io documentation: 100 kB; others 10 kB).
const BODY_MAX: usize = 10_000;

impl Ping {
    pub(crate) async fn start(&self, id: &str) -> Result<(), NotifyError> {
        self.post("start", id, String::new()).await
    }

    /// A test is a `/log`: it must not count as a night.
    pub(crate) async fn end(&self, brief: &Brief, id: &str) -> Result<(), NotifyError> {
        let last = match brief.event {
            Event::Test => "log".to_owned(),
            Event::Run | Event::Weekly => brief.exit_code.to_string(),
        };
        let text = format!("{}\n{}\n\n{}", brief.subject, brief.numbers, brief.text);
        self.post(&last, id, beginning(text)).await
    }

    async fn post(&self, last: &str, id: &str, body: String) -> Result<(), NotifyError> {
        let url = self.url_of(last, id);
        let client = http_post::client(&self.url, self.ca_file.as_ref())?;
        let request = client.post(url).header("Content-Type", "text/plain; charset=utf-8");
        http_post::send(&self.url, request.body(body)).await
    }

    fn url_of(&self, last: &str, id: &str) -> Url {
        let mut url = self.url.clone();
        let path = format!("{}/{last}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.query_pairs_mut().append_pair("rid", id);
        url
    }
}

fn beginning(mut text: String) -> String {
    let end = (0..=BODY_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the service would keep half a letter, or refuse the ping and call the host dead.
    #[test]
    fn a_long_report_is_cut_between_letters() {
        let cut = beginning("é".repeat(9_000));
        assert!(cut.len() <= BODY_MAX && cut.len() > BODY_MAX - 2 && cut.chars().all(|c| c == 'é'));
        assert_eq!(beginning("short".to_owned()), "short");
    }

    #[test]
    fn what_the_address_holds_already_is_kept() {
        let url = Url::parse("https://hc.example.com/ping/token/?create=1").expect("an address");
        let ping = Ping { url, ca_file: None };
        assert_eq!(ping.url_of("3", "a-b").as_str(), "https://hc.example.com/ping/token/3?create=1&rid=a-b");
        assert!(!format!("{ping:?}").contains("token"));
    }
}
