//! What people get to read.

use contracts::{erase::Saga as EraseSaga, mail::Letter, provision::Saga};
use domain::{
    backup::Backup,
    email::EmailAddress,
    project::{Project, State},
    subscription::{End, Hold, Occasion},
};
use jiff::{SignedDuration, Timestamp};
use notify::{Call, NotifyError, Origins, announce, deliver};
use ports::{
    accounts::{Credentials, PasswordHash},
    clock::Clock,
};
use runtime::fault::{Classify, Fault};
use testkit::{
    accounts::FakeAccounts, clock::FakeClock, mail::FakeMail, make, projects::FakeProjects,
};

fn origins() -> Origins {
    Origins { app_url: "https://app.test".into(), instance_url_port: ":8443".into() }
}

fn running() -> Project {
    Project { state: State::Running, ..make::project() }
}

fn accounts() -> FakeAccounts {
    let accounts = FakeAccounts::default();
    let ada = EmailAddress::try_from("ada@example.com".to_owned()).expect("as prepared");
    let user = "usr_ada".parse().expect("as prepared");
    let credentials =
        Credentials { user, password: Some(PasswordHash(String::new())), generation: 0 };
    accounts.put_account(&ada, credentials, &running().tenant_id);
    accounts
}

fn call() -> Call {
    Call::Notify(Box::new(make::saga()))
}

async fn announced(projects: FakeProjects, mail: &FakeMail) -> Result<(), NotifyError> {
    announce(&projects, &accounts(), mail, &FakeClock::default(), &origins(), &call()).await
}

#[tokio::test]
async fn the_owner_reads_where_the_agent_answers() {
    let mail = FakeMail::default();
    announced(FakeProjects::of([running()]), &mail).await.unwrap();
    let sent = mail.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to.as_str(), "ada@example.com");
    assert_eq!(sent[0].subject, "Your agent mybot is running");
    for text in [&sent[0].text, &sent[0].html] {
        assert!(text.contains("https://mybot-a1b2c3d4e5.1mins.test:8443"), "{text}");
        assert!(text.contains("https://app.test/projects/prj_a1b2c3d4e5"), "{text}");
    }
}

#[tokio::test]
async fn the_owner_reads_from_when_the_data_is_unless_it_is_all_that_there_was() {
    let taken_at = Timestamp::constant(1_795_262_400, 0);
    let backup =
        |number| Backup { attempt: 1, number, sha256: None, bytes: 1, taken_at, replaces: None };
    let cases = [
        (
            "a copy of one that ran",
            1_795_262_400,
            "from its backup of 21 November 2026 at 12:00 UTC",
        ),
        ("the rest of its halt", 0, "is running"),
        ("of a later halt", 7, "is running"),
    ];
    for (case, number, words) in cases {
        let (mail, project) = (FakeMail::default(), Project { attempt: 2, ..running() });
        let restored = Project { backup: Some(backup(number)), ..project };
        let call = Call::Notify(Box::new(Saga::of(&restored)));
        let (projects, clock) = (FakeProjects::of([restored]), FakeClock::default());
        announce(&projects, &accounts(), &mail, &clock, &origins(), &call).await.unwrap();
        let sent = mail.sent();
        assert_eq!(sent.len(), 1, "{case}");
        assert!(sent[0].subject.ends_with(words), "{case}: {}", sent[0].subject);
        assert!(sent[0].text.contains("https://mybot-a1b2c3d4e5.1mins.test:8443"), "{case}");
        assert_eq!(sent[0].text.contains("is not in it"), number > 1_000, "{case}");
    }
}

#[tokio::test]
async fn old_news_is_not_sent() {
    let cases = [
        ("it failed meanwhile", Project { state: State::Error, ..running() }),
        ("a later attempt runs", Project { attempt: 2, ..running() }),
        ("it is not there", make::project_called("another")),
    ];
    for (case, project) in cases {
        let mail = FakeMail::default();
        announced(FakeProjects::of([project]), &mail).await.unwrap();
        assert!(mail.sent().is_empty(), "{case}");
    }
}

#[tokio::test]
async fn the_owner_reads_what_was_deleted_and_when() {
    let receipt = Call::Receipt(EraseSaga::of(&running()));
    for (state, letters) in [(State::Deleting, 0), (State::Deleted, 1)] {
        let mail = FakeMail::default();
        let projects = FakeProjects::of([Project { state, ..running() }]);
        let clock = FakeClock::default();
        announce(&projects, &accounts(), &mail, &clock, &origins(), &receipt).await.unwrap();
        let sent = mail.sent();
        assert_eq!(sent.len(), letters, "{state:?}");
        for message in sent {
            assert_eq!(message.to.as_str(), "ada@example.com");
            assert_eq!(message.subject, "Your agent mybot was deleted");
            let when = clock.now().strftime("%-d %B %Y at %H:%M UTC").to_string();
            for word in [when.as_str(), "backups", "https://mybot-a1b2c3d4e5.1mins.test"] {
                assert!(message.text.contains(word), "{word}: {}", message.text);
            }
        }
    }
}

#[tokio::test]
async fn what_passes_is_retried_and_what_does_not_is_not() {
    let mail = FakeMail::default();
    mail.outage.begin(1);
    let away = announced(FakeProjects::of([running()]), &mail).await.unwrap_err();
    assert_eq!(away.fault(), Fault::Retryable);

    let strangers = FakeAccounts::default();
    let projects = FakeProjects::of([running()]);
    let clock = FakeClock::default();
    let nobody = announce(&projects, &strangers, &mail, &clock, &origins(), &call()).await;
    let nobody = nobody.unwrap_err();
    assert_eq!(nobody.fault(), Fault::Terminal);
}

#[tokio::test]
async fn a_confirmation_holds_its_link_behind_the_hash() {
    let mail = FakeMail::default();
    let letter = Letter::ConfirmAddress { to: "ada@example.com".into(), token: "t0-k_n".into() };
    deliver(&mail, &origins(), letter).await.unwrap();
    let sent = mail.sent();
    let link = "https://app.test/confirm#token=t0-k_n";
    assert!(sent[0].text.contains(&format!("\n{link}\n")), "{}", sent[0].text);
    assert!(sent[0].html.contains(&format!("href=\"{link}\"")), "{}", sent[0].html);
}

#[tokio::test]
async fn a_forgotten_password_has_its_link_behind_the_hash() {
    let mail = FakeMail::default();
    let letter = Letter::ResetPassword { to: "ada@example.com".into(), token: "t0-k_n".into() };
    deliver(&mail, &origins(), letter).await.unwrap();
    let sent = mail.sent();
    let link = "https://app.test/reset#token=t0-k_n";
    assert!(sent[0].text.contains(&format!("\n{link}\n")), "{}", sent[0].text);
    assert!(sent[0].text.contains("one hour"), "{}", sent[0].text);
    assert!(sent[0].html.contains(&format!("href=\"{link}\"")), "{}", sent[0].html);
}

#[tokio::test]
async fn news_of_a_password_lead_to_the_site_and_hold_no_token() {
    let to = || "ada@example.com".to_owned();
    let cases = [
        (Letter::NoAccount { to: to() }, "\nhttps://app.test\n"),
        (Letter::PasswordChanged { to: to() }, "\nhttps://app.test/forgot\n"),
    ];
    for (letter, link) in cases {
        let mail = FakeMail::default();
        deliver(&mail, &origins(), letter).await.unwrap();
        let sent = mail.sent();
        assert!(sent[0].text.contains(link), "{}", sent[0].text);
        assert!(!sent[0].text.contains("token"), "{}", sent[0].text);
    }
}

#[tokio::test]
async fn whoever_has_an_account_is_told_without_a_token() {
    let mail = FakeMail::default();
    let letter = Letter::AddressKnown { to: "ada@example.com".into() };
    deliver(&mail, &origins(), letter).await.unwrap();
    assert!(!mail.sent()[0].text.contains("token"));
    assert!(mail.sent()[0].text.contains("https://app.test"));
}

#[tokio::test]
async fn an_invitation_says_who_asks_whereto_and_holds_its_link_behind_the_hash() {
    let mail = FakeMail::default();
    let letter = Letter::Invitation {
        to: "eve@example.com".into(),
        token: "t0-k_n".into(),
        tenant_name: "Ada's & Co.".into(),
        invited_by: "ada@example.com".into(),
    };
    deliver(&mail, &origins(), letter).await.unwrap();
    let sent = mail.sent();
    assert_eq!(sent[0].subject, "ada@example.com invites you to Ada's & Co.");
    let link = "https://app.test/invitation#token=t0-k_n";
    assert!(sent[0].text.contains(&format!("\n{link}\n")), "{}", sent[0].text);
    assert!(sent[0].html.contains(&format!("href=\"{link}\"")), "{}", sent[0].html);
    assert!(sent[0].html.contains("join Ada's &amp; Co. at"), "{}", sent[0].html);
}

#[tokio::test]
async fn a_letter_to_no_address_is_never_sent() {
    let mail = FakeMail::default();
    let to = "ada@example.com\r\nBcc: eve@example.com".to_owned();
    let error = deliver(&mail, &origins(), Letter::AddressKnown { to }).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Terminal);
    assert!(mail.sent().is_empty());
}

#[tokio::test]
async fn an_owner_reads_where_a_link_to_google_can_be_undone() {
    let mail = FakeMail::default();
    let letter = Letter::GoogleLinked { to: "ada@example.com".into() };
    deliver(&mail, &origins(), letter).await.unwrap();
    let sent = mail.sent();
    assert_eq!(sent[0].subject, "Google was linked to your account");
    assert!(sent[0].text.contains("\nhttps://app.test/settings\n"), "{}", sent[0].text);
}

#[tokio::test]
async fn letters_about_money_say_why_and_what_to_do_and_when() {
    let deleted_at = Timestamp::constant(1_795_262_400, 0);
    let before = SignedDuration::from_hours(24);
    let when = "21 November 2026, 12:00 UTC";
    let cases = [
        (Occasion::PastDue { until: Some(deleted_at) }, "A payment for mybot is missing", when),
        (Occasion::PastDue { until: None }, "A payment for mybot is missing", "another card"),
        (Occasion::Suspended { why: Hold::Unpaid }, "Your agent mybot was stopped", "not paid for"),
        (Occasion::Suspended { why: Hold::Paused }, "Your agent mybot was stopped", "paused"),
        (Occasion::Suspended { why: Hold::Disputed }, "Your agent mybot was stopped", "your bank"),
        (Occasion::Resumed, "Your agent mybot starts again", "where it stopped"),
        (
            Occasion::Ended { why: End::Cancelled, deleted_at },
            "The subscription of mybot has ended",
            when,
        ),
        (
            Occasion::DeletionNear { before, deleted_at, why: End::Cancelled },
            "mybot is deleted on 21 November 2026, 12:00 UTC",
            "with everything that it knows",
        ),
        (
            Occasion::Ended { why: End::OwnerDeleted, deleted_at },
            "mybot is deleted on 21 November 2026, 12:00 UTC",
            "take the deletion back",
        ),
        (
            Occasion::DeletionNear { before, deleted_at, why: End::OwnerDeleted },
            "mybot is deleted on 21 November 2026, 12:00 UTC",
            "as you wished",
        ),
        (Occasion::BegunAnew, "Your agent mybot starts anew", "cannot be brought back"),
    ];
    for (occasion, subject, words) in cases {
        let mail = FakeMail::default();
        let letter = Letter::Subscription {
            to: "ada@example.com".into(),
            project_id: running().id,
            project_name: "mybot".into(),
            occasion,
        };
        deliver(&mail, &origins(), letter).await.unwrap();
        let sent = mail.sent();
        assert_eq!(sent[0].subject, subject, "{occasion:?}");
        for text in [&sent[0].text, &sent[0].html] {
            assert!(text.contains(words), "{occasion:?}: {text}");
            assert!(text.contains("https://app.test/projects/prj_a1b2c3d4e5"), "{text}");
        }
    }
}
