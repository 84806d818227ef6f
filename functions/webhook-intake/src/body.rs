//! The body as it was signed.

use http::Request;
use lambda_http::Body;

/// Decoded from base64 where the gateway encoded it, and not changed otherwise: the signature is over
/// the raw bytes.
pub fn as_signed(request: lambda_http::Request) -> Request<Vec<u8>> {
    request.map(|body| match body {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde_json::Value;

    #[test]
    fn what_the_gateway_encoded_is_decoded() {
        let golden = include_str!("../../../events/webhook-intake/subscription-active.json");
        let mut event: Value = serde_json::from_str(golden).unwrap();
        let plain = event["body"].as_str().unwrap().to_owned();
        event["body"] = STANDARD.encode(&plain).into();
        event["isBase64Encoded"] = true.into();
        for event in [golden.to_owned(), event.to_string()] {
            let request = lambda_http::request::from_str(&event).unwrap();
            assert_eq!(as_signed(request).body(), plain.as_bytes());
        }
    }
}
