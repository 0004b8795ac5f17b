//! A POST of JSON.

use crate::alerts::error::NotifyError;
use crate::alerts::{PayloadShape, Webhook, http_post, webhook_payloads};
use crate::report::brief::Brief;

impl Webhook {
    pub(crate) async fn send(&self, brief: &Brief) -> Result<(), NotifyError> {
        let body = match self.shape {
            PayloadShape::Json => webhook_payloads::json(brief),
            PayloadShape::Slack => webhook_payloads::slack(brief),
            PayloadShape::Teams => webhook_payloads::teams(brief),
        };
        let client = http_post::client(&self.url, self.ca_file.as_ref())?;
        let request = client.post(self.url.clone()).header("Content-Type", "application/json");
        http_post::send(&self.url, request.body(body.to_string())).await
    }
}
