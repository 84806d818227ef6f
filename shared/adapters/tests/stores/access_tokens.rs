//! Access tokens: found by their user, gone when revoked, and used without coming back to life.

use crate::engine;
use adapters::dynamodb::access_tokens::DynamoAccessTokens;
use domain::id::{AccessTokenId, TenantId, UserId};
use jiff::Timestamp;
use ports::{
    access_tokens::{AccessToken, AccessTokens, Scope, USE_PRECISION},
    accounts::TokenHash,
};
use std::time::Duration;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

fn token(id: &str, tenant: &str) -> AccessToken {
    AccessToken {
        id: AccessTokenId::new(id).expect("an id"),
        user: UserId::new("ada").expect("an id"),
        tenant: TenantId::new(tenant).expect("an id"),
        name: "ci".to_owned(),
        scope: Scope::Write,
        hash: TokenHash("hash".to_owned()),
        last4: "cret".to_owned(),
        created_at: NOW,
        expires_at: NOW + Duration::from_hours(24),
        last_used_at: None,
    }
}

async fn store() -> DynamoAccessTokens {
    let (client, table) = engine::table().await;
    DynamoAccessTokens::on(client, table)
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_token_is_found_listed_and_revoked_where_it_belongs() {
    let tokens = store().await;
    let (here, there) = (token("1", "here"), token("2", "there"));
    for _ in 0..2 {
        tokens.record(&here).await.unwrap();
    }
    tokens.record(&there).await.unwrap();
    assert_eq!(tokens.find(&here.user, &here.id).await.unwrap(), Some(here.clone()));
    assert_eq!(tokens.list(&here.tenant, &here.user).await.unwrap(), std::slice::from_ref(&here));
    assert!(!tokens.revoke(&there.tenant, &here.user, &here.id).await.unwrap(), "elsewhere");
    for was_there in [true, false] {
        assert_eq!(tokens.revoke(&here.tenant, &here.user, &here.id).await.unwrap(), was_there);
        assert_eq!(tokens.find(&here.user, &here.id).await.unwrap(), None);
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_use_is_recorded_to_the_hour_and_revives_nothing() {
    let tokens = store().await;
    let token = token("1", "here");
    tokens.record_use(&token.user, &token.id, NOW).await.unwrap();
    assert_eq!(tokens.find(&token.user, &token.id).await.unwrap(), None, "no stump");
    tokens.record(&token).await.unwrap();
    let second = Duration::from_secs(1);
    let cases = [
        ("the first", NOW, NOW),
        ("within the hour", NOW + USE_PRECISION - second, NOW),
        ("after it", NOW + USE_PRECISION, NOW + USE_PRECISION),
        ("a late one", NOW, NOW + USE_PRECISION),
    ];
    for (case, at, expected) in cases {
        tokens.record_use(&token.user, &token.id, at).await.unwrap();
        let found = tokens.find(&token.user, &token.id).await.unwrap().unwrap();
        assert_eq!(found.last_used_at, Some(expected), "{case}");
    }
}
