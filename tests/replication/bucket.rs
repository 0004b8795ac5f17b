//! A bucket that keeps conditions as S3 does, with a clock of its own, and requests that never end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::now;

/// A request that is not answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// Which one from now on, from 1.
    pub(super) request: u64,
    /// Whether the bucket has done it.
    pub(super) applied: bool,
}

#[derive(Default)]
struct Kept {
    objects: BTreeMap<String, (Vec<u8>, u64, DateTime<Utc>)>,
    writes: u64,
    requests: u64,
    later: TimeDelta,
    hold: Option<(u64, bool)>,
    is_held: bool,
    is_down: bool,
    takes_no_copies: bool,
    loses: Option<&'static str>,
    has_no_conditions: bool,
}

pub(super) struct Bucket {
    _runtime: Runtime,
    server: MockServer,
    kept: Arc<Mutex<Kept>>,
}

impl Bucket {
    pub(super) fn new() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(MockServer::start());
        let of_server = Arc::clone(&kept);
        let answer = move |request: &Request| of_server.lock().expect("not poisoned").answer(request);
        runtime.block_on(Mock::given(any()).respond_with(answer).mount(&server));
        Self { _runtime: runtime, server, kept }
    }

    /// One that takes every write.
    pub(super) fn without_conditions() -> Self {
        let bucket = Self::new();
        bucket.kept().has_no_conditions = true;
        bucket
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("not poisoned")
    }

    pub(super) fn url(&self) -> String {
        self.server.uri()
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> u64 {
        self.kept().requests
    }

    /// Its clock goes on.
    pub(super) fn days_later(&self, days: i64) {
        self.kept().later += TimeDelta::days(days);
    }

    /// From now on it refuses everything.
    pub(super) fn is_down(&self) {
        self.kept().is_down = true;
    }

    /// It answers again.
    pub(super) fn is_up(&self) {
        self.kept().is_down = false;
    }

    /// The next write with this in its name is done, and its answer lost.
    pub(super) fn loses_an_answer(&self, of: &'static str) {
        self.kept().loses = Some(of);
    }

    /// Whether it did.
    pub(super) fn has_lost_it(&self) -> bool {
        self.kept().loses.is_none()
    }

    /// The key may write the lease, and no copies.
    pub(super) fn takes_copies(&self, takes: bool) {
        self.kept().takes_no_copies = !takes;
    }

    pub(super) fn hold(&self, held: Held) {
        let mut kept = self.kept();
        kept.hold = Some((kept.requests + held.request, held.applied));
        kept.is_held = false;
    }

    /// Whether the request is there that is not answered.
    pub(super) fn holds(&self) -> bool {
        self.kept().is_held
    }
}

impl Kept {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        self.requests += 1;
        let is_copy = request.method.as_str() == "PUT" && request.url.path().contains("/copies/");
        if self.is_down || self.takes_no_copies && is_copy {
            return ResponseTemplate::new(403);
        }
        let is_write = request.method.as_str() == "PUT";
        if is_write && self.loses.take_if(|of| request.url.path().contains(*of)).is_some() {
            self.done(request);
            return ResponseTemplate::new(503);
        }
        match self.hold.take_if(|(at, _)| *at == self.requests) {
            None => self.done(request),
            Some((_, applied)) => {
                self.is_held = true;
                if applied {
                    self.done(request);
                }
                ResponseTemplate::new(200).set_delay(Duration::from_secs(3600))
            }
        }
    }

    fn done(&mut self, request: &Request) -> ResponseTemplate {
        let name = request.url.path().trim_start_matches("/bucket").trim_start_matches('/').to_owned();
        match request.method.as_str() {
            "PUT" => self.put(name, request),
            "POST" => self.delete_several(request),
            "DELETE" => {
                self.objects.remove(&name);
                ResponseTemplate::new(204)
            }
            _ if request.url.query().is_some_and(|query| query.contains("list-type=2")) => self.list(request),
            _ => self.get(&name),
        }
    }

    fn put(&mut self, name: String, request: &Request) -> ResponseTemplate {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let there = self.objects.get(&name).map(|(_, tag, _)| format!("\"{tag}\""));
        let none = header("if-none-match").is_some_and(|_| there.is_some());
        let stale = header("if-match").is_some_and(|tag| there.as_deref() != Some(tag));
        if (none || stale) && !self.has_no_conditions {
            return ResponseTemplate::new(412);
        }
        self.writes += 1;
        let at = now() + self.later;
        self.objects.insert(name, (request.body.clone(), self.writes, at));
        ResponseTemplate::new(200).insert_header("ETag", format!("\"{}\"", self.writes))
    }

    fn get(&self, name: &str) -> ResponseTemplate {
        let Some((bytes, tag, at)) = self.objects.get(name) else {
            return ResponseTemplate::new(404);
        };
        ResponseTemplate::new(200)
            .insert_header("ETag", format!("\"{tag}\""))
            .insert_header("Last-Modified", at.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
            .set_body_raw(bytes.clone(), "application/octet-stream")
    }

    fn list(&self, request: &Request) -> ResponseTemplate {
        let prefix = request.url.query_pairs().find(|(key, _)| key == "prefix").map(|(_, value)| value.into_owned());
        let of = prefix.unwrap_or_default();
        let listed = self.objects.iter().filter(|(name, _)| name.starts_with(&of)).map(|(name, (bytes, tag, at))| {
            let (size, at) = (bytes.len(), at.format("%Y-%m-%dT%H:%M:%S.000Z"));
            format!("<Contents><Key>{name}</Key><LastModified>{at}</LastModified><ETag>&quot;{tag}&quot;</ETag><Size>{size}</Size></Contents>")
        });
        let listed: String = listed.collect();
        let body = format!("<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>");
        ResponseTemplate::new(200).set_body_raw(body, "application/xml")
    }

    fn delete_several(&mut self, request: &Request) -> ResponseTemplate {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let keys: Vec<String> =
            body.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()).map(str::to_owned).collect();
        let deleted: String = keys.iter().map(|key| format!("<Deleted><Key>{key}</Key></Deleted>")).collect();
        keys.iter().for_each(|key| drop(self.objects.remove(key)));
        ResponseTemplate::new(200).set_body_raw(format!("<DeleteResult>{deleted}</DeleteResult>"), "application/xml")
    }
}
