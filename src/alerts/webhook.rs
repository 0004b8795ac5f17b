//! A POST of JSON.

use crate::alerts::error::NotifyError;
use crate::alerts::{PayloadShape, Webhook, http, payloads};
use crate::report::brief::Brief;

impl Webhook {
    pub(crate) async fn send(&self, brief: &Brief) -> Result<(), NotifyError> {
        let body = match self.shape {
            PayloadShape::Json => payloads::json(brief),
            PayloadShape::Slack => payloads::slack(brief),
            PayloadShape::Teams => payloads::teams(brief),
        };
        let client = http::client(&self.url, self.ca_file.as_ref())?;
        let request = client.post(self.url.clone()).header("Content-Type", "application/json");
        http::send(&self.url, request.body(body.to_string())).await
    }
}
