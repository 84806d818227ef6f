//! Whose page a request comes from.

use crate::{
    refusal::Refusal,
    world::{Api, World},
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, header};
use std::sync::Arc;

/// Refuses what a page of another site sends.
///
/// Browsers say with every unsafe request which page sent it, and no page can lie about it. A request
/// that does not say is not a browser's, and has no cookies of ours unless somebody put them there;
/// where a cookie is read, `cookie` asks for more. Webhooks come to another function.
pub(crate) async fn check<W: World>(
    State(api): State<Arc<Api<W>>>,
    request: Request,
    next: Next,
) -> Response {
    if is_ours(request.method(), request.headers(), &api.settings.app_url) {
        next.run(request).await
    } else {
        Refusal::WrongOrigin.into_response()
    }
}

/// Whether the page, if there is one, is one of ours: that of the site and no other, be it below the
/// same domain. Instances live there, and what runs in them is not ours.
fn is_ours(method: &Method, headers: &HeaderMap, app_url: &str) -> bool {
    method.is_safe() || headers.get_all(header::ORIGIN).iter().all(|it| it == app_url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_pages_of_our_own_site_change_anything() {
        let cases = [
            ("no page", Method::POST, vec![], true),
            ("ours", Method::POST, vec!["https://app.test"], true),
            ("ours, deleting", Method::DELETE, vec!["https://app.test"], true),
            ("another site", Method::POST, vec!["https://eve.test"], false),
            ("another site, deleting", Method::DELETE, vec!["https://eve.test"], false),
            ("an instance's page", Method::POST, vec!["https://bot-1.app.test"], false),
            ("another port", Method::POST, vec!["https://app.test:8443"], false),
            ("without TLS", Method::POST, vec!["http://app.test"], false),
            ("a longer name", Method::POST, vec!["https://app.test.eve.test"], false),
            ("nobody's page", Method::POST, vec!["null"], false),
            ("two pages", Method::POST, vec!["https://app.test", "https://eve.test"], false),
            ("another site, reading", Method::GET, vec!["https://eve.test"], true),
        ];
        for (case, method, origins, ours) in cases {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(header::ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_ours(&method, &headers, "https://app.test"), ours, "{case}");
        }
    }
}
