//! The two writes: each call sends one request, once. Whether it may be sent again is decided elsewhere.

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connectwise::WriteError;
use crate::connectwise::Writer;
use crate::connectwise::client::Client;
use crate::connectwise::denial;
use crate::connectwise::denial::WriteKind;
use crate::connectwise::paging::redirection;
use crate::connectwise::reads::additions_path;
use crate::connectwise::transport::Answer;
use crate::connectwise::transport::Cut;
use crate::connectwise::transport::NoAnswer;
use crate::connectwise::urls::api_url;
use crate::connectwise::wire;
use crate::connectwise::wire::AdditionRow;
use crate::connectwise::wire::NewAddition;
use crate::connectwise::wire::QuantityRow;
use crate::connectwise::wire::ReplaceQuantity;
use crate::connectwise::wire::Row;
use crate::reconcile::cleared::CreateLine;
use crate::reconcile::cleared::SetQuantity;
use crate::reconcile::quantity::Quantity;
use crate::reconcile::records::Addition;

impl Writer for Client {
    async fn set_quantity(&self, write: &SetQuantity) -> Result<Quantity, WriteError> {
        let path = format!("{}/{}", additions_path(write.agreement()), write.addition());
        let url = api_url(self.api_root().await, &path, &[("fields", QuantityRow::FIELDS)]);
        let body = ReplaceQuantity::to(write.to());
        let row: QuantityRow = self.write(WriteKind::Set, Method::PATCH, &url, &body).await?;
        if row.id != write.addition().0 {
            return Err(unclear(format!("the answer is about addition {}", row.id)));
        }
        wire::quantity(&row.quantity).map_err(|why| unclear(format!("the answer does not tell: {why}")))
    }

    async fn create_line(&self, write: &CreateLine) -> Result<Addition, WriteError> {
        let path = additions_path(write.agreement());
        let url = api_url(self.api_root().await, &path, &[("fields", AdditionRow::FIELDS)]);
        let body = NewAddition::from(write);
        let row: AdditionRow = self.write(WriteKind::Create, Method::POST, &url, &body).await?;
        row.into_record().map_err(unclear)
    }
}

impl Client {
    async fn write<T: DeserializeOwned>(
        &self,
        kind: WriteKind,
        method: Method,
        url: &str,
        body: &impl Serialize,
    ) -> Result<T, WriteError> {
        let body = serde_json::to_string(body).map_err(|error| WriteError::NotSent { why: error.to_string() })?;
        let answer = self.call(method, url, Some(body)).await.map_err(|error| self.unanswered(error))?;
        if answer.status.is_success() {
            return self.written(&answer);
        }
        let said = if answer.status.is_redirection() {
            self.censor.one_line(&redirection(&answer.headers))
        } else {
            self.censor.said(&answer.body)
        };
        Err(denial::of_write(kind, answer.status, said))
    }

    fn unanswered(&self, error: NoAnswer) -> WriteError {
        match error {
            NoAnswer::Throttled(why) => WriteError::Busy { why },
            NoAnswer::NotSent(why) => WriteError::NotSent { why: self.censor.one_line(&why) },
            NoAnswer::Lost(why) => unclear(self.censor.one_line(&why)),
        }
    }

    /// A good status with an answer that cannot be read may come from anything on the way.
    fn written<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, WriteError> {
        match &answer.cut {
            Some(Cut::Broken(why)) => return Err(unclear(self.censor.one_line(why))),
            Some(Cut::TooLarge) => return Err(unclear("the answer is larger than 16 MiB".to_owned())),
            None => {}
        }
        serde_json::from_slice(&answer.body).map_err(|error| {
            let why = format!("{} with an answer that cannot be read: {error}", answer.status.as_u16());
            unclear(self.censor.one_line(&why))
        })
    }
}

fn unclear(why: String) -> WriteError {
    WriteError::Unclear { why, server_error: false }
}
