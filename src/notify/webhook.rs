//! A POST of JSON.

use crate::notify::NotifyError;
use crate::notify::Shape;
use crate::notify::Webhook;
use crate::notify::http;
use crate::notify::shapes;
use crate::report::brief::Brief;

impl Webhook {
    pub(super) async fn send(&self, brief: &Brief) -> Result<(), NotifyError> {
        let body = match self.shape {
            Shape::Json => shapes::json(brief),
            Shape::Slack => shapes::slack(brief),
            Shape::Teams => shapes::teams(brief),
        };
        let client = http::client(&self.url, self.ca_file.as_ref())?;
        let request = client.post(self.url.clone()).header("Content-Type", "application/json");
        http::send(&self.url, request.body(body.to_string())).await
    }
}
