//! One request from arrival to the last byte of its answer, with whatever the faults do to it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

use crate::faults::{Body, Connection, Stale, Then};
use crate::http::{Reply, Request};
use crate::ledger::Entry;
use crate::refusal::Refusal;
use crate::routes::Bent;
use crate::state::State;
use crate::store::Lag;
use crate::{control, routes};

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Keep,
    Close,
    Reset,
}

/// Carries out a request and answers it, or not.
pub(super) async fn serve<S>(stream: &mut S, state: &Arc<State>, request: Request) -> io::Result<Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let usual = if request.keeps_alive() { Ending::Keep } else { Ending::Close };
    if let Some(reply) = control::answer(state, &request) {
        return send(stream, &reply, &Then::default(), usual).await;
    }
    let entry = state.ledger().open(&request, elapsed_ms(state));
    let fired = state.faults().fire(&request, entry.index);
    if let Some((place, _)) = &fired {
        state.ledger().note(entry, |entry| entry.fault = Some(*place));
    }
    let then = fired.map(|(_, then)| then).unwrap_or_default();
    let reply = answer(state, &request, &then, entry).await;
    let unanswered = then.connection.is_some() && then.truncate_at.is_none() && !then.cut_chunk;
    if !unanswered {
        state.ledger().note(entry, |entry| entry.status = Some(reply.status));
    }
    match then.connection {
        Some(Connection::Hold) => hold(stream).await,
        Some(Connection::Reset) if unanswered => Ok(Ending::Reset),
        Some(Connection::Close) if unanswered => Ok(Ending::Close),
        Some(Connection::Reset) => send(stream, &reply, &then, usual).await.map(|_| Ending::Reset),
        _ => send(stream, &reply, &then, usual).await,
    }
}

/// The answer as the faults leave it, after the waits they ask for.
async fn answer(state: &Arc<State>, request: &Request, then: &Then, entry: Entry) -> Reply {
    if let Some(edit) = &then.edit {
        state.edit_addition(edit);
    }
    pause(then.delay_before_ms).await;
    if let Some(latency) = state.latency {
        sleep(latency).await;
    }
    let mut reply = None;
    if then.applies() {
        reply = Some(carry_out(state, request, then, entry));
        if then.deliver_twice {
            carry_out(state, request, then, entry);
        }
    }
    if then.endless {
        reply = Some(endless(request));
    }
    pause(then.delay_after_ms).await;
    if let Some(late) = then.apply_late_ms {
        carry_out_late(state, request, late, entry);
    }
    spoil(reply, then)
}

/// A page of a list that has no end.
fn endless(request: &Request) -> Reply {
    let conditions = request.parameter("conditions").unwrap_or_default();
    let after = conditions.rsplit_once("id>").and_then(|(_, id)| id.trim().parse::<i64>().ok()).unwrap_or_default();
    let rows: Vec<_> = (1..=25).map(|next| serde_json::json!({"id": after + next})).collect();
    Reply::json(200, &rows)
}

/// Does what the request asks, within the rate limit, and writes that down.
fn carry_out(state: &State, request: &Request, then: &Then, entry: Entry) -> Reply {
    if let Some(seconds) = state.throttle(Instant::now()) {
        let message = format!("Too many requests. Please try again in {seconds} seconds.");
        return Reply::from(Refusal::new(429, "", message)).with("retry-after", seconds.to_string());
    }
    let lag = then.stale.map(|Stale { writes, ms }| Lag { writes, age: Duration::from_millis(ms) });
    let ignore_patch = then.ignore_patch && request.method == "PATCH";
    let otherwise = (!then.stored.is_empty()).then(|| otherwise(request, &then.stored));
    let request = otherwise.as_ref().unwrap_or(request);
    let answer = routes::answer(state, request, Bent { lag, ignore_patch, bundle: then.bundle });
    state.ledger().note(entry, |entry| {
        entry.member = answer.member;
        entry.applied += u32::from(answer.applied);
    });
    answer.reply
}

/// A write as a server takes it that stores something else than what was sent.
fn otherwise(request: &Request, stored: &BTreeMap<String, Value>) -> Request {
    let mut request = request.clone();
    let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    for (name, value) in stored {
        match &mut body {
            Value::Array(operations) => {
                let same = |operation: &&mut Value| operation["path"].as_str() == Some(name);
                operations.iter_mut().filter(same).for_each(|operation| operation["value"] = value.clone());
            }
            _ if name == "agreementId" => {
                let mut parts: Vec<String> = request.path.split('/').map(str::to_owned).collect();
                let at = parts.iter().position(|part| part == "agreements");
                if let Some(part) = at.and_then(|at| parts.get_mut(at + 1)) {
                    *part = value.to_string();
                }
                request.path = parts.join("/");
            }
            body => body[name] = value.clone(),
        }
    }
    request.body = body.to_string().into_bytes();
    request
}

/// The server goes on with a request after the connection is long gone.
fn carry_out_late(state: &Arc<State>, request: &Request, late_ms: u64, entry: Entry) {
    let (state, request) = (Arc::clone(state), request.clone());
    tokio::spawn(async move {
        pause(late_ms).await;
        carry_out(&state, &request, &Then::default(), entry);
    });
}

/// Replaces what the faults replace of an answer.
fn spoil(real: Option<Reply>, then: &Then) -> Reply {
    let made_up = real.is_none() || then.status.is_some_and(|status| status >= 400);
    let redirect = then.redirect.as_ref().map(|_| 302);
    let status = then.status.or(redirect).or(real.as_ref().map(|reply| reply.status)).unwrap_or(200);
    let mut reply = match (real, then.body) {
        (_, Some(body)) => body_of(status, body),
        (Some(real), None) if !made_up => real,
        _ => body_of(status, Body::Json),
    };
    reply.status = status;
    if let Some(raw) = &then.raw {
        let times = usize::try_from(then.repeat.unwrap_or(1)).unwrap_or(usize::MAX);
        reply.body = raw.as_bytes().repeat(times);
    }
    if let Some(kind) = &then.content_type {
        reply.content_type.clone_from(kind);
    }
    let location = then.redirect.iter().map(|url| ("location", url));
    for (name, value) in then.headers.iter().map(|(name, value)| (name.as_str(), value)).chain(location) {
        reply.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        reply.headers.push((name.to_owned(), value.clone()));
    }
    reply
}

fn body_of(status: u16, body: Body) -> Reply {
    match body {
        Body::Json if status == 429 => {
            Refusal::new(status, "", "Too many requests. Please try again in 30 seconds.").into()
        }
        Body::Json if status >= 400 => Refusal::new(status, "Simulated", format!("Simulated fault {status}.")).into(),
        Body::Json => Reply::json(status, &serde_json::json!({})),
        Body::Empty => Reply::empty(status),
        Body::Text => Reply::text(status, "The service is unavailable."),
        Body::Html => {
            let page = "<!DOCTYPE html><html><head><title>ConnectWise</title></head><body><h1>Please sign in</h1></body></html>";
            Reply { content_type: "text/html; charset=utf-8".to_owned(), ..Reply::text(status, page) }
        }
    }
}

async fn send<S>(stream: &mut S, reply: &Reply, then: &Then, usual: Ending) -> io::Result<Ending>
where
    S: AsyncWrite + Unpin,
{
    let body = reply.body.as_slice();
    if then.cut_chunk {
        let mut bytes = reply.head("transfer-encoding: chunked");
        bytes.extend(format!("{:x}\r\n", body.len().max(2)).into_bytes());
        bytes.extend(&body[..body.len() / 2]);
        write_paced(stream, &bytes, then.bytes_per_second).await?;
        return Ok(Ending::Close);
    }
    let head = reply.head(&reply.length());
    let body = &body[..then.truncate_at.unwrap_or(body.len()).min(body.len())];
    match then.body_bytes_per_second {
        Some(pace) => {
            write_paced(stream, &head, then.bytes_per_second).await?;
            write_paced(stream, body, Some(pace)).await?;
        }
        None => write_paced(stream, &[&head, body].concat(), then.bytes_per_second).await?,
    }
    Ok(if then.truncate_at.is_some() { Ending::Close } else { usual })
}

/// Writes everything at once, or a byte at a time.
async fn write_paced<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8], pace: Option<u32>) -> io::Result<()> {
    let Some(pace) = pace else {
        stream.write_all(bytes).await?;
        return stream.flush().await;
    };
    let gap = Duration::from_secs(1) / pace.max(1);
    for byte in bytes {
        stream.write_all(std::slice::from_ref(byte)).await?;
        stream.flush().await?;
        sleep(gap).await;
    }
    Ok(())
}

/// Says nothing until the peer gives up.
async fn hold<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Ending> {
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(Ending::Close)
}

async fn pause(ms: u64) {
    if ms > 0 {
        sleep(Duration::from_millis(ms)).await;
    }
}

fn elapsed_ms(state: &State) -> u64 {
    u64::try_from(state.started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
