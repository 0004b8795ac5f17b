//! A POST of JSON.

use crate::alerts::{NotifyError, Shape, Webhook, http, payloads};
use crate::report::brief::Brief;

impl Webhook {
    pub(crate) async fn send(&self, brief: &Brief) -> Result<(), NotifyError> {
        let body = match self.shape {
            Shape::Json => payloads::json(brief),
            Shape::Slack => payloads::slack(brief),
            Shape::Teams => payloads::teams(brief),
        };
        let client = http::client(&self.url, self.ca_file.as_ref())?;
        let request = client.post(self.url.clone()).header("Content-Type", "application/json");
        http::send(&self.url, request.body(body.to_string())).await
    }
}
