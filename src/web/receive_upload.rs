//! A file that a browser sends: who sends it and whether they may is settled before a byte of it is kept.

use std::io::Write as _;
use std::sync::Arc;

use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::StatusCode;
use axum::response::Response;

use crate::web::access::left_page::{LeftPage, signed_out_page};
use crate::web::access::signed_in::SignedIn;
use crate::web::desk::action_outcome::{FormResponse, not_done_page};
use crate::web::desk::host::DeskHost;
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::pressed_button::{act, refusal};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk_request::DeskRequest;
use crate::web::response::{page_of, refused, see};

/// Bytes of a file, at most: as of any export.
const FILE_MOST: usize = 64 * 1024 * 1024;
/// Bytes of a form with a file, at most.
pub(crate) const FORM_MOST: usize = FILE_MOST + 64 * 1024;
/// Bytes of any other field.
const FIELD_MOST: usize = 1024;

/// Receives a form with a file.
pub(crate) async fn upload(asked: DeskRequest, request: Request) -> Response {
    let door = asked.desk.door.clone();
    let visit = match asked.read(DeskRequest::visit_now).await {
        Ok(Some(visit)) => visit,
        Ok(None) => {
            let left = LeftPage::at(DeskAction::Upload.path());
            return page_of(StatusCode::UNAUTHORIZED, signed_out_page(&door, &left));
        }
        Err(missing) => return refused(&missing),
    };
    let mut fields = PostedFields::default();
    let sender = Sender { person: visit.person.clone(), host: Arc::clone(&visit.site.host) };
    let received = match Multipart::from_request(request, &()).await {
        Ok(form) => receive(&sender, form, &mut fields).await,
        // A form of another kind has no file; it is refused as any form without a token is.
        Err(_) => Ok(()),
    };
    let reads = visit.site.site.reads.clone();
    let acted = reads.read(move || match received {
        Ok(()) => act(DeskAction::Upload, &visit, &fields),
        Err(why) => Ok(FormResponse::Page(StatusCode::UNPROCESSABLE_ENTITY, Box::new(not_done_page(&visit, &why)))),
    });
    match acted.await {
        Ok(FormResponse::To(address)) => see(&address),
        Ok(FormResponse::Page(status, page)) => page_of(status, *page),
        Ok(FormResponse::Left) => see("/signin"),
        Err(missing) => refused(&missing),
    }
}

/// Who sends it, and where it goes.
struct Sender {
    person: SignedIn,
    host: Arc<dyn DeskHost>,
}

/// The fields in their order. The token stands before the file, so nothing of a file is kept that nobody may send.
async fn receive(sender: &Sender, mut form: Multipart, fields: &mut PostedFields) -> Result<(), NotDone> {
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            fields.push(&name, &short_text(field).await?);
        } else if refusal(DeskAction::Upload, &sender.person, fields).is_some() {
            return Ok(());
        } else {
            let file_name = field.file_name().unwrap_or_default().to_owned();
            keep(sender, &file_name, field).await?;
            fields.push("file", &file_name);
            return Ok(());
        }
    }
    Ok(())
}

async fn short_text(mut field: Field<'_>) -> Result<String, NotDone> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD_MOST {
            return Err(wrong("a field of the form is too long"));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Piece by piece to the disk: it is never in memory as a whole.
async fn keep(Sender { person, host }: &Sender, name: &str, mut field: Field<'_>) -> Result<(), NotDone> {
    let mut file = host.new_upload()?;
    let mut length = 0_usize;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        length = length.saturating_add(chunk.len());
        if length > FILE_MOST {
            return Err(wrong(&too_large()));
        }
        file.write_all(&chunk).map_err(|error| NotDone {
            kind: NotDoneKind::Failed,
            message: format!("the file cannot be kept: {error}"),
            fix: "look at the state folder and the room on its disk".into(),
        })?;
    }
    if length == 0 {
        return Err(wrong("no file was chosen, or it is empty"));
    }
    host.stage(&person.called, name, file)
}

fn broken(error: &axum::extract::multipart::MultipartError) -> NotDone {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => wrong(&too_large()),
        _ => wrong("the form did not come as a whole"),
    }
}

fn too_large() -> String {
    format!("the file is larger than {} MiB", FILE_MOST / (1 << 20))
}

fn wrong(message: &str) -> NotDone {
    NotDone { kind: NotDoneKind::Wrong, message: message.to_owned(), fix: "go back and choose a file".into() }
}
